"""A contract that import-linter does not bring along: a list of what may be imported.

A list of what is forbidden forgets the library that comes next year; this one does not.
"""

from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowedExternalsContract(Contract):
    """Modules of ``sources`` import nothing from outside the package but ``allowed``.

    A source stands for everything below it, an allowed name for a whole top-level package or
    standard library module.
    """

    type_name = "allowed_externals"

    sources = fields.SetField(subfield=fields.StringField())
    allowed = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001
        """Find imports of external modules that are not on the list."""
        allowed = set(self.allowed)  # type: ignore[call-overload]
        strangers = [link for link in self._external_imports(graph) if link[1] not in allowed]
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def _external_imports(self, graph: ImportGraph) -> Iterator[tuple[str, str]]:
        for source in sorted(self.sources):  # type: ignore[call-overload]
            for module in sorted({source} | graph.find_descendants(source)):
                for imported in sorted(graph.find_modules_directly_imported_by(module)):
                    if graph.is_module_squashed(imported):
                        yield module, imported

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say which module imports what."""
        for module, imported in check.metadata["strangers"]:
            output.print_error(f"{module} is not allowed to import {imported}", bold=False)
        output.new_line()
