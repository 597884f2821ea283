//! Configuration that comes from no database: what control planes list, and what DB-less nodes are sent.

mod data_planes;
mod exported;
mod kept;

use super::Live;
use super::packages::staged_command;
use crate::gateway::{
    DataPlane, Declarative, ExportedDatabase, Failure, KeptDeclarative, Kong as _,
};
use crate::kong::Version;

impl Declarative for Live {
    async fn data_planes(&self, node: &str) -> Result<Vec<DataPlane>, Failure> {
        self.listed_data_planes(node).await
    }

    async fn parse_declarative(&self, node: &str, version: &Version) -> Result<(), Failure> {
        let (_, found) = self.node(node).await?;
        let Some(file) = &found.declarative else {
            let message = format!("`{node}` has no declarative file that could be parsed");
            return Err(Failure::new("kong.declarative.none", message)
                .hint("name it in the environment file: `declarative = \"/etc/kong/kong.yml\"`"));
        };
        let command = if self.installed_version(node).await? == *version {
            found.packages.command()
        } else {
            staged_command(&found, version)?
        };
        let host = self.host(&found).await?;
        let (file, conf) = (file.display().to_string(), found.conf.display().to_string());
        // In a prefix of its own: in the node's, the command would go by what the running version left there.
        self.in_private_prefix(&host, async |prefix| {
            let prefix = prefix.display().to_string();
            let arguments = ["config", "parse", &file, "-c", &conf, "-p", &prefix];
            self.kong_at(node, command, &arguments)
                .await?
                .parsed(node, version)
        })
        .await
    }

    async fn keep_declarative(&self, node: &str) -> Result<KeptDeclarative, Failure> {
        self.keep_configuration(node).await
    }

    async fn kept_declarative(&self, node: &str) -> Result<Option<KeptDeclarative>, Failure> {
        self.kept_configuration(node)
    }

    async fn send_declarative(&self, node: &str) -> Result<String, Failure> {
        self.send_configuration(node).await
    }

    async fn export_database(&self, node: &str) -> Result<ExportedDatabase, Failure> {
        self.export(node).await
    }

    async fn exported_database(&self, node: &str) -> Result<Option<ExportedDatabase>, Failure> {
        self.exported(node)
    }

    async fn import_database(
        &self,
        node: &str,
        exported: &ExportedDatabase,
    ) -> Result<(), Failure> {
        self.import(node, exported).await
    }

    async fn exportable_rows(&self, database: &str) -> Result<u64, Failure> {
        self.count_exportable(database).await
    }
}
