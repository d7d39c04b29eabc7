//! The protocol's side: which tools there are, and how calls and their failures are told.

use std::sync::Arc;

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::agent::Agent;
use super::tools::Tool;

/// The server of one agent.
pub(super) struct Server {
    agent: Arc<Agent>,
}

impl Server {
    pub(super) fn new(agent: Arc<Agent>) -> Self {
        Self { agent }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let version = env!("CARGO_PKG_VERSION");
        let instructions = format!(
            "Answers questions about the code in {} by analysis, not by text search: where a name is defined and used, what it is, \
             what is wrong with a file, what a renaming would change. Files are seen as they are on disk when you ask. \
             Paths are relative to that folder, or absolute. Lines and columns count from 1, columns in characters. \
             Where you don't know the column, give `symbol` and `line`; where you don't know the line either, `symbol` alone \
             finds its definition in the file. Nothing is ever written.",
            self.agent.root().display()
        );
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("vraftls", version))
            .with_instructions(instructions)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(Tool::ALL.iter().map(|tool| tool.described()).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = Tool::named(&request.name) else {
            let names: Vec<&str> = Tool::ALL.iter().map(|tool| tool.name()).collect();
            let message = format!("there is no tool `{}`; there are {}", request.name, names.join(", "));
            return Err(ErrorData::invalid_params(message, None));
        };
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let answered = tokio::select! {
            answered = self.agent.call(tool, arguments) => answered,
            () = context.ct.cancelled() => Err(anyhow::anyhow!("the call was cancelled")),
        };
        let result = match answered {
            Ok(reply) => {
                let mut result = CallToolResult::success(vec![ContentBlock::text(reply.text)]);
                result.structured_content = Some(reply.structured);
                result
            }
            Err(error) => CallToolResult::error(vec![ContentBlock::text(said(&error))]),
        };
        Ok(result.into())
    }
}

/// An error and its causes, in one sentence.
fn said(error: &anyhow::Error) -> String {
    format!("{error:#}")
}
