"""The one expression language: source → typed tree → Python closure; the runtime renders SQL."""

from objectry.expressions.compile import compile_expression
from objectry.expressions.evaluate import Env, Frame, Value, evaluator
from objectry.expressions.expression import Expression, Problem
from objectry.expressions.functions import FUNCTIONS, Function
from objectry.expressions.tree import Tree
from objectry.expressions.types import ExprType, Kind, Scope

__all__ = [
    "FUNCTIONS",
    "Env",
    "ExprType",
    "Expression",
    "Frame",
    "Function",
    "Kind",
    "Problem",
    "Scope",
    "Tree",
    "Value",
    "compile_expression",
    "evaluator",
]
