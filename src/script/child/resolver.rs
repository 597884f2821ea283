//! Modules for `import`: those that were fetched when the playbook was loaded, and no others.

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::link::SharedLink;

/// Resolves from what the link holds; it opens nothing.
pub(super) struct Resolver(pub(super) SharedLink);

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        if let Some(module) = self.0.evaluated(path) {
            return Ok(module);
        }
        let missing = || {
            Box::new(EvalAltResult::ErrorModuleNotFound(
                path.to_owned(),
                position,
            ))
        };
        let ast = self.0.module(path).ok_or_else(missing)?;
        let module = Module::eval_ast_as_new(Scope::new(), &ast, engine)?;
        let module = Shared::new(module);
        self.0.keep_evaluated(path, module.clone());
        Ok(module)
    }
}
