//! Values against a contract.
