//! Expressions: pipelines, commands, operands.

use super::super::fmt::quote_lossy;
use super::ast::{
    Chain, Command, Function, Ideal, Ident, Number, Operand, Pipe, Run, Span, Target, Variable,
};
use super::lex::{Kind, Token};
use super::{Builtin, Parse, Parser, RED_ZONE, STACK_STEP, close, literal, offset, store};

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parse<Pipe> {
        let start = self.peek().start;
        let (decl, assign) = self.declarations(context)?;
        let first = self.open.commands.len();
        loop {
            let token = self.next();
            match token.kind {
                kind if kind == end => {
                    let commands = self.open.commands.get(first..).unwrap_or_default();
                    let Some(last) = commands.last() else {
                        return self.error(format!("missing value for {context}"));
                    };
                    let last = last.span.end;
                    let later = commands.iter().enumerate().skip(1);
                    if let Some(stage) =
                        later.map(|(stage, command)| (stage + 1, command)).find_map(|(stage, command)| {
                            let operand = self.arrays.operands.get(command.args.start as usize)?;
                            operand.is_plain().then_some(stage)
                        })
                    {
                        return self.error(format!("non executable command in pipeline stage {stage}"));
                    }
                    if !assign {
                        // Only now: in `$x := f $x` the right side means an outer `$x`.
                        let from = decl.start as usize;
                        for variable in self.arrays.variables.iter_mut().skip(from).take(decl.len()) {
                            variable.slot = self.scope.declare(variable.span);
                        }
                    }
                    let commands = close(&mut self.open.commands, first, &mut self.arrays.commands);
                    return Ok(Pipe { span: Span { start, end: last }, decl, assign, commands });
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
                    let command = self.command(token)?;
                    self.open.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
    }

    /// `$x :=`, `$x =`, or in a range `$i, $x :=`.
    fn declarations(&mut self, context: &str) -> Parse<(Run<Variable>, bool)> {
        // The first of two, in a range.
        let mut before: Option<Token> = None;
        loop {
            if self.peek().kind != Kind::Variable {
                if before.is_none() {
                    return Ok((Run::EMPTY, false));
                }
                // Only a range may end its list with a comma, `{{range $i, }}`; the pipeline will then miss a value.
                break;
            }
            let variable = self.next();
            let next = self.next();
            if matches!(next.kind, Kind::Assign | Kind::Declare) {
                return Ok((self.declared(before, Some(variable)), next.kind == Kind::Assign));
            }
            if next.kind == Kind::Char && self.text(next) == b"," {
                if context != "range" || before.is_some() {
                    return self.error(format!("too many declarations in {context}"));
                }
                before = Some(variable);
                if !matches!(self.peek().kind, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                    return self.error("range can only initialize variables");
                }
                continue;
            }
            self.back(next);
            self.back(variable);
            break;
        }
        Ok((self.declared(before, None), false))
    }

    /// The variables left of `:=` or `=`. From here on their names are known; they still mean what they meant before.
    fn declared(&mut self, first: Option<Token>, second: Option<Token>) -> Run<Variable> {
        let start = offset(self.arrays.variables.len());
        for token in [first, second].into_iter().flatten() {
            let span = token.span();
            let slot = self.scope.find(self.text, span).flatten();
            self.scope.variables.push((span, slot));
            self.arrays.variables.push(Variable { span, slot, fields: Run::EMPTY });
        }
        Run::new(start, offset(self.arrays.variables.len()) - start)
    }

    /// A command that begins with this token.
    fn command(&mut self, mut token: Token) -> Parse<Command> {
        let start = token.start;
        let first = self.open.operands.len();
        let end = loop {
            let Some((operand, end)) = self.operand(token)? else {
                return self.unexpected(token, "operand");
            };
            self.open.operands.push(operand);
            token = self.next();
            match token.kind {
                Kind::RightDelim | Kind::RightParen => {
                    self.back(token);
                    break end;
                }
                Kind::Pipe => break end,
                _ if token.spaced => {}
                _ => return self.unexpected(token, "operand"),
            }
        };
        let args = close(&mut self.open.operands, first, &mut self.arrays.operands);
        Ok(Command { span: Span { start, end }, args })
    }

    /// The term at this token with the fields that follow it, and where it ends; nothing if none begins so.
    fn operand(&mut self, token: Token) -> Parse<Option<(Operand, u32)>> {
        let start = token.start;
        let Some((term, term_end)) = self.term(token)? else { return Ok(None) };
        // What a term stores is stored by now, so the fields lie side by side, behind the first of `.A`.
        let fields = self.fields();
        if fields.is_empty() {
            return Ok(Some((term, term_end)));
        }
        let end = self.arrays.idents.last().map_or(term_end, |ident| ident.span.end);
        let operand = match term {
            Operand::Field(first) => Operand::Field(Run::new(first.start, first.len + fields.len)),
            Operand::Variable(id) => {
                if let Some(variable) = self.arrays.variables.last_mut() {
                    variable.fields = fields;
                }
                Operand::Variable(id)
            }
            Operand::Bool(..) | Operand::Str(_) | Operand::Number(_) | Operand::Nil(_) | Operand::Dot(_) => {
                let shown = super::bytes(self.text, Span { start, end: term_end });
                // To Go the space after the fields is a token, and the last one it has looked at.
                let place = if self.peek().spaced { end } else { self.latest.start };
                return self.error_at(place, format!("unexpected . after term {}", quote_lossy(shown)));
            }
            node => {
                let chain = Chain { span: Span { start, end }, node, fields };
                Operand::Chain(store(&mut self.arrays.chains, chain))
            }
        };
        Ok(Some((operand, end)))
    }

    fn fields(&mut self) -> Run<Ident> {
        let start = offset(self.arrays.idents.len());
        loop {
            if self.pending.last().is_none()
                && let Some(token) = self.lexer.next_field()
            {
                self.latest = token;
                self.arrays.idents.push(ident(token));
                continue;
            }
            // With space in front of it, it is a word of its own.
            let token = self.peek();
            if token.kind != Kind::Field || token.spaced {
                break;
            }
            self.next();
            self.arrays.idents.push(ident(token));
        }
        Run::new(start, offset(self.arrays.idents.len()) - start)
    }

    fn term(&mut self, token: Token) -> Parse<Option<(Operand, u32)>> {
        let span = token.span();
        let mut end = token.end;
        let operand = match token.kind {
            Kind::Identifier => {
                let name = self.text(token);
                let registered = self.funcs.find(name).map(Target::Registered);
                let Some(target) = registered.or_else(|| Builtin::find(name).map(Target::Builtin)) else {
                    return self.error(format!("function {} not defined", quote_lossy(name)));
                };
                Operand::Function(Function { span, target })
            }
            Kind::Dot => Operand::Dot(token.start),
            Kind::Nil => Operand::Nil(token.start),
            Kind::Variable => {
                let Some(slot) = self.scope.find(self.text, span) else {
                    return self.error(format!("undefined variable {}", quote_lossy(self.text(token))));
                };
                Operand::Variable(store(
                    &mut self.arrays.variables,
                    Variable { span, slot, fields: Run::EMPTY },
                ))
            }
            Kind::Field => {
                self.arrays.idents.push(ident(token));
                Operand::Field(Run::new(offset(self.arrays.idents.len() - 1), 1))
            }
            Kind::Bool => Operand::Bool(token.start, self.text(token) == b"true"),
            Kind::CharConstant | Kind::Number | Kind::Complex => {
                let text = String::from_utf8_lossy(self.text(token));
                let number = match token.kind {
                    Kind::CharConstant => literal::char_constant(self.text(token)),
                    _ => literal::number(&text),
                };
                match number {
                    Ok(number) => Operand::Number(store(
                        &mut self.arrays.numbers,
                        Number {
                            span,
                            ideal: Ideal::of(&text, number.int, number.float),
                            int: number.int,
                            uint: number.uint,
                            float: number.float,
                        },
                    )),
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
                Operand::Pipe(store(&mut self.arrays.pipes, pipe))
            }
            Kind::String | Kind::RawString => {
                let literal = self.literal(token)?;
                Operand::Str(store(&mut self.arrays.strings, literal))
            }
            _ => return Ok(None),
        };
        Ok(Some((operand, end)))
    }
}

/// The name of a field token.
const fn ident(token: Token) -> Ident {
    Ident { span: Span { start: token.start + 1, end: token.end } }
}
