"""An SMT-LIB solver on standard input and output: cvc5 as its Python package has it, without a program of its own.

Every command is answered as soon as its last parenthesis came.
"""

import re
import sys

import cvc5

# Texts, quoted symbols and comments hold parentheses that close nothing.
PIECE = re.compile(r'"(?:[^"]|"")*"|\|[^|]*\||;[^\n]*|\(|\)')


class Session:
    def __init__(self, limit):
        self.limit = limit
        self.begin()

    def begin(self):
        terms = cvc5.TermManager()
        self.solver = cvc5.Solver(terms)
        self.symbols = cvc5.SymbolManager(terms)
        for name, value in (("incremental", "true"), ("produce-models", "true"), ("tlimit-per", self.limit)):
            self.solver.setOption(name, value)

    def answer(self, command):
        if command.strip("() \n") == "reset":
            self.begin()
            return ""
        parser = cvc5.InputParser(self.solver, self.symbols)
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, command, "stdin")
        said = []
        try:
            while not (read := parser.nextCommand()).isNull():
                said.append(read.invoke(self.solver, self.symbols))
        except RuntimeError as error:
            said.append(f'(error "{error}")\n')
        return "".join(said)


def commands(lines):
    """The commands of a text, each once it is complete."""
    text, depth = "", 0
    for line in lines:
        # A text that goes on in the next line is looked at again with it.
        text += line
        depth = sum({"(": 1, ")": -1}.get(piece, 0) for piece in PIECE.findall(text))
        if depth == 0 and text.strip() and text.count('"') % 2 == 0:
            yield text
            text = ""


def main():
    session = Session("60000")
    for command in commands(sys.stdin):
        sys.stdout.write(session.answer(command))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
