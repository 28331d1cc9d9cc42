//! passport: the operator's and the auditor's tool.
