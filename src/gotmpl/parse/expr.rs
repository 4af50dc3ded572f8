//! Expressions: pipelines, commands, operands.

use super::super::fmt::quote_lossy;
use super::ast::{
    Chain, Command, Field, Function, Ideal, Ident, Number, Operand, Pipe, Span, StrLiteral, Target, Variable,
};
use super::lex::{Kind, Token};
use super::{Builtin, Parse, Parser, RED_ZONE, STACK_STEP, literal, offset, span};

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parse<Pipe> {
        let start = self.peek_word().start;
        let (mut decl, assign) = self.declarations(context)?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let token = self.next_word();
            match token.kind {
                kind if kind == end => {
                    if commands.is_empty() {
                        return self.error(format!("missing value for {context}"));
                    }
                    for (index, command) in commands.iter().enumerate().skip(1) {
                        if let Some(
                            Operand::Bool(..)
                            | Operand::Dot(_)
                            | Operand::Nil(_)
                            | Operand::Number(_)
                            | Operand::Str(_),
                        ) = command.args.first()
                        {
                            return self
                                .error(format!("non executable command in pipeline stage {}", index + 1));
                        }
                    }
                    if !assign {
                        // Only now: in `$x := f $x` the right side means an outer `$x`.
                        for variable in &mut decl {
                            variable.slot = Some(self.scope.declare(&variable.name));
                        }
                    }
                    let last = commands.last().map_or(offset(start), |command| command.span.end);
                    return Ok(Pipe {
                        span: Span { start: offset(start), end: last },
                        decl,
                        assign,
                        commands,
                    });
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.back(token);
                    commands.push(self.command()?);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    /// `$x :=`, `$x =`, or in a range `$i, $x :=`.
    fn declarations(&mut self, context: &str) -> Parse<(Vec<Variable>, bool)> {
        let mut names: Vec<Token> = Vec::new();
        loop {
            if self.peek_word().kind != Kind::Variable {
                // Only a range may end its list with a comma, `{{range $i, }}`; the pipeline will then miss a value.
                break;
            }
            let variable = self.next_word();
            // `$x foo` and `$x := foo` differ only in what comes after the space, which must not get lost.
            let after = self.next();
            let next = if after.kind == Kind::Space { self.next() } else { after.clone() };
            if matches!(next.kind, Kind::Assign | Kind::Declare) {
                names.push(variable);
                let assign = next.kind == Kind::Assign;
                return Ok((names.iter().map(|token| self.decl(token)).collect(), assign));
            }
            if next.kind == Kind::Char && self.text(&next) == b"," {
                names.push(variable);
                if context != "range" || names.len() > 1 {
                    return self.error(format!("too many declarations in {context}"));
                }
                if !matches!(self.peek_word().kind, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                    return self.error("range can only initialize variables");
                }
                continue;
            }
            if after.kind == Kind::Space {
                self.back(next);
            }
            self.back(after);
            self.back(variable);
            break;
        }
        Ok((names.iter().map(|token| self.decl(token)).collect(), false))
    }

    /// A variable left of `:=` or `=`. From here on its name is known; it still means what it meant before.
    fn decl(&mut self, token: &Token) -> Variable {
        let name = self.word(token);
        let slot = self.scope.find(&name).flatten();
        self.scope.variables.push((name.clone(), slot));
        let span = span(token.start, token.end);
        Variable { pos: span.start, span, name, slot, fields: Vec::new() }
    }

    fn command(&mut self) -> Parse<Command> {
        let start = self.peek_word().start;
        let mut end = start;
        let mut args = Vec::new();
        loop {
            self.peek_word();
            if let Some((operand, operand_end)) = self.operand()? {
                args.push(operand);
                end = operand_end;
            }
            let token = self.next();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.back(token);
                    break;
                }
                Kind::Pipe => break,
                _ => return self.unexpected(&token, "operand"),
            }
        }
        if args.is_empty() {
            return self.error("empty command");
        }
        Ok(Command { span: span(start, end), args })
    }

    /// A term with the fields that follow it, and where it ends.
    fn operand(&mut self) -> Parse<Option<(Operand, usize)>> {
        let Some((term, start, mut end)) = self.term()? else { return Ok(None) };
        if self.peek().kind != Kind::Field {
            return Ok(Some((term, end)));
        }
        let pos = offset(self.peek().start);
        let mut more = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            end = token.end;
            more.push(self.ident(&token));
        }
        let whole = span(start, end);
        let operand = match term {
            Operand::Field(mut field) => {
                field.idents.extend(more);
                Operand::Field(Box::new(Field { pos, span: whole, ..*field }))
            }
            Operand::Variable(variable) => {
                Operand::Variable(Box::new(Variable { pos, span: whole, fields: more, ..*variable }))
            }
            Operand::Bool(..) | Operand::Str(_) | Operand::Number(_) | Operand::Nil(_) | Operand::Dot(_) => {
                let shown = quote_lossy(term.to_string().as_bytes());
                return self.error(format!("unexpected . after term {shown}"));
            }
            node => Operand::Chain(Box::new(Chain { pos, span: whole, node, fields: more })),
        };
        Ok(Some((operand, end)))
    }

    fn ident(&self, token: &Token) -> Ident {
        let name = self.word(token);
        let name = name.strip_prefix('.').unwrap_or(&name).into();
        Ident { name, span: span(token.start + 1, token.end) }
    }

    fn term(&mut self) -> Parse<Option<(Operand, usize, usize)>> {
        let token = self.next_word();
        let pos = offset(token.start);
        let here = span(token.start, token.end);
        let mut end = token.end;
        let operand = match token.kind {
            Kind::Identifier => {
                let name = self.word(&token);
                let registered = self.funcs.find(&name).map(Target::Registered);
                let Some(target) = registered.or_else(|| Builtin::find(&name).map(Target::Builtin)) else {
                    return self.error(format!("function {} not defined", quote_lossy(name.as_bytes())));
                };
                Operand::Function(Box::new(Function { span: here, name, target }))
            }
            Kind::Dot => Operand::Dot(pos),
            Kind::Nil => Operand::Nil(pos),
            Kind::Variable => {
                let name = self.word(&token);
                let Some(slot) = self.scope.find(&name) else {
                    return self.error(format!("undefined variable {}", quote_lossy(name.as_bytes())));
                };
                Operand::Variable(Box::new(Variable { pos, span: here, name, slot, fields: Vec::new() }))
            }
            Kind::Field => {
                let idents = vec![self.ident(&token)];
                Operand::Field(Box::new(Field { pos, span: here, idents }))
            }
            Kind::Bool => Operand::Bool(pos, self.text(&token) == b"true"),
            Kind::CharConstant | Kind::Number | Kind::Complex => {
                let text = String::from_utf8_lossy(self.text(&token));
                let number = match token.kind {
                    Kind::CharConstant => literal::char_constant(self.text(&token)),
                    _ => literal::number(&text),
                };
                match number {
                    Ok(number) => Operand::Number(Box::new(Number {
                        span: here,
                        ideal: Ideal::of(&text, number.int, number.float),
                        text: text.into(),
                        int: number.int,
                        uint: number.uint,
                        float: number.float,
                    })),
                    Err(message) => return self.error(message),
                }
            }
            Kind::LeftParen => {
                self.enter("max expression depth exceeded")?;
                let pipe = stacker::maybe_grow(RED_ZONE, STACK_STEP, || {
                    self.pipeline("parenthesized pipeline", Kind::RightParen)
                })?;
                self.nesting -= 1;
                // The parenthesis that ended the pipeline is the token lexed last, unless one was put back.
                end = self.pending.last().map_or(self.latest.end, |token| token.start);
                Operand::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => Operand::Str(Box::new(StrLiteral {
                span: here,
                quoted: self.text(&token).into(),
                text: self.unquote(&token)?.into(),
            })),
            _ => {
                self.back(token);
                return Ok(None);
            }
        };
        Ok(Some((operand, token.start, end)))
    }
}
