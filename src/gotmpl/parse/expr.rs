//! Expressions: pipelines, commands, operands.

use super::super::fmt::quote_lossy;
use super::ast::{
    Chain, Command, Function, Ideal, Ident, Number, Operand, Pipe, Run, Span, Target, Variable,
};
use super::lex::{Kind, Token};
use super::{Builtin, Parse, Parser, RED_ZONE, STACK_STEP, close, literal, offset, store};

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parse<Pipe> {
        let token = self.next();
        self.pipeline_at(token, context, end)
    }

    /// A pipeline that begins with this token.
    pub(super) fn pipeline_at(&mut self, mut token: Token, context: &str, end: Kind) -> Parse<Pipe> {
        let start = token.start;
        let (mut decl, mut assign) = (Run::EMPTY, false);
        if token.kind == Kind::Variable {
            self.back(token);
            (decl, assign) = self.declarations(context)?;
            token = self.next();
        }
        let first = self.open.commands.len();
        loop {
            match token.kind {
                kind if kind == end => {
                    let span = Span { start, end: self.check_commands(first, context)? };
                    if !assign {
                        // Only now: in `$x := f $x` the right side means an outer `$x`.
                        let from = decl.start as usize;
                        for variable in self.arrays.variables.iter_mut().skip(from).take(decl.len()) {
                            variable.slot = self.scope.declare(variable.span);
                        }
                    }
                    let commands = close(&mut self.open.commands, first, &mut self.arrays.commands);
                    return Ok(Pipe { span, decl, assign, commands });
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
                    token = self.command(token)?;
                    if token.kind == Kind::Pipe {
                        token = self.next();
                    }
                }
                _ => return self.unexpected(token, context),
            }
        }
    }

    /// Whether the open commands from `first` on make a pipeline, and where it ends.
    fn check_commands(&self, first: usize, context: &str) -> Parse<u32> {
        let commands = self.open.commands.get(first..).unwrap_or_default();
        let Some(last) = commands.last() else {
            return self.error(format!("missing value for {context}"));
        };
        for (index, command) in commands.iter().enumerate().skip(1) {
            let operand = self.arrays.operands.get(command.args.start as usize);
            if operand.is_some_and(Operand::is_plain) {
                return self.error(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(last.span.end)
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

    /// A command that begins with this token is added to the open ones; returns the token that ended it.
    fn command(&mut self, mut token: Token) -> Parse<Token> {
        let start = token.start;
        let first = self.open.operands.len();
        loop {
            let Some((end, next)) = self.operand(token)? else {
                return self.unexpected(token, "operand");
            };
            match next.kind {
                Kind::RightDelim | Kind::RightParen | Kind::Pipe => {
                    let args = close(&mut self.open.operands, first, &mut self.arrays.operands);
                    self.open.commands.push(Command { span: Span { start, end }, args });
                    return Ok(next);
                }
                _ if next.spaced => token = next,
                _ => return self.unexpected(next, "operand"),
            }
        }
    }

    /// The term at this token with the fields that follow it is added to the open operands; returns where it ends and
    /// the token after it. Nothing if no term begins so.
    fn operand(&mut self, token: Token) -> Parse<Option<(u32, Token)>> {
        let start = token.start;
        let Some((term, term_end)) = self.term(token)? else { return Ok(None) };
        // What a term stores is stored by now, so the fields lie side by side, behind the first of `.A`.
        let (fields, next) = self.fields();
        if fields.is_empty() {
            self.open.operands.push(term);
            return Ok(Some((term_end, next)));
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
                let place = if next.spaced { end } else { self.latest.start };
                return self.error_at(place, format!("unexpected . after term {}", quote_lossy(shown)));
            }
            node => {
                let chain = Chain { span: Span { start, end }, node, fields };
                Operand::Chain(store(&mut self.arrays.chains, chain))
            }
        };
        self.open.operands.push(operand);
        Ok(Some((end, next)))
    }

    /// The fields that begin right here, and the token after them.
    fn fields(&mut self) -> (Run<Ident>, Token) {
        let start = offset(self.arrays.idents.len());
        loop {
            if self.pending.is_empty()
                && let Some(token) = self.lexer.next_field()
            {
                self.latest = token;
                self.arrays.idents.push(ident(token));
                continue;
            }
            // With space in front of it, it is a word of its own.
            let token = self.next();
            if token.kind != Kind::Field || token.spaced {
                return (Run::new(start, offset(self.arrays.idents.len()) - start), token);
            }
            self.arrays.idents.push(ident(token));
        }
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
