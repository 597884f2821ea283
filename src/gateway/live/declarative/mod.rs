//! Configuration that comes from no database: what control planes list, and what DB-less nodes are sent.

mod data_planes;
mod exported;
mod kept;

use super::Live;
use crate::environment::Node;
use crate::gateway::{
    DataPlane, Declarative, ExportedDatabase, Failure, KeptDeclarative, Kong as _,
};
use crate::kong::Version;

impl Declarative for Live {
    async fn data_planes(&self, node: &str) -> Result<Vec<DataPlane>, Failure> {
        self.listed_data_planes(node).await
    }

    async fn parse_declarative(&self, node: &str, version: &Version) -> Result<(), Failure> {
        let (cluster, found) = self.node(node).await?;
        let Some(file) = &found.declarative else {
            let message = format!("`{node}` has no declarative file that could be parsed");
            return Err(Failure::new("kong.declarative.none", message)
                .hint("name it in the environment file: `declarative = \"/etc/kong/kong.yml\"`"));
        };
        let (place, command) = if self.installed_version(node).await? == *version {
            (&*found, found.packages.command())
        } else {
            let (_, place) = self.environment.place_of_trials(&cluster, &found);
            (place, self.command_to_try(place, version).await?)
        };
        let (origin, host) = (self.host(&found).await?, self.host(place).await?);
        // In a prefix of its own: in the node's, the command would go by what the running version left there.
        self.in_private_prefix(&host, async |prefix| {
            let mut file = file.clone();
            if place.name != found.name {
                let content = origin.fetch(&file).await;
                let content = content.map_err(|error| elsewhere(node, place, &error))?;
                // By its name Kong tells whether it is JSON.
                file = prefix.join(file.file_name().unwrap_or_default());
                let written = host.write_private(&file, content).await;
                written.map_err(|error| elsewhere(node, place, &error))?;
            }
            let told = [&file, &place.conf, prefix].map(|path| path.display().to_string());
            let [file, conf, prefix] = &told;
            let arguments = ["config", "parse", file, "-c", conf, "-p", prefix];
            self.kong_at(&place.name, command, &arguments)
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

/// That a declarative file cannot be brought to where another version is tried.
fn elsewhere(node: &str, place: &Node, error: &std::io::Error) -> Failure {
    let message = format!(
        "cannot bring the declarative file of `{node}` to the host of `{}`: {error}",
        place.name
    );
    Failure::new("kong.declarative.none", message)
}
