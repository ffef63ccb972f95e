"""Principal and policy → row rules, and the one gate per (field, use)."""

from objectry_runtime.permissions.compiled import policy
from objectry_runtime.permissions.gate import GatedScope
from objectry_runtime.permissions.policy import Action, Policy, Use, WriteAction, compile_policy
from objectry_runtime.permissions.rule import Rule, all_of, any_of, through_parent

__all__ = [
    "Action",
    "GatedScope",
    "Policy",
    "Rule",
    "Use",
    "WriteAction",
    "all_of",
    "any_of",
    "compile_policy",
    "policy",
    "through_parent",
]
