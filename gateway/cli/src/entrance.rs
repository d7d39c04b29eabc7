//! How a gateway lets editors in: the certificate that it shows, and by what it knows who connects.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{bail, ensure};
use tokio::net::TcpStream;
use vraftls_gateway::{Admits, BoxFuture, Door, Encrypt, Encrypted, Speech, TokenCheck};
use vraftls_transport::{TlsCallers, TlsIdentity, TlsServer};

use crate::editor_tokens;
use crate::listen_address::ListenAddress;

/// What the options have in common, for people.
const EDITORS: &str = "Editors";

/// What a gateway shows editors and asks of them.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct EntranceArguments {
    /// With tls:// and wss://: the certificate that editors are shown, as PEM
    #[arg(long, value_name = "FILE", env = "VRAFTLS_LISTEN_CERT", requires = "listen_key", help_heading = EDITORS)]
    listen_cert: Option<PathBuf>,

    /// The key of that certificate
    #[arg(long, value_name = "FILE", env = "VRAFTLS_LISTEN_KEY", requires = "listen_cert", help_heading = EDITORS)]
    listen_key: Option<PathBuf>,

    /// The authorities whose certificates let editors in; not the one that signs for the cluster
    #[arg(long, value_name = "FILE", env = "VRAFTLS_LISTEN_CA", requires = "listen_cert", help_heading = EDITORS)]
    listen_ca: Option<PathBuf>,

    /// With wss://: a file with the hashes of tokens that let editors in, as `vraftls token` writes it
    #[arg(long, value_name = "FILE", env = "VRAFTLS_LISTEN_TOKENS", requires = "listen_cert", help_heading = EDITORS)]
    listen_tokens: Option<PathBuf>,

    /// Listen beyond this machine without certificates, or without asking who connects: whoever reaches the address may read everything
    #[arg(long, help_heading = EDITORS)]
    insecure: bool,
}

impl EntranceArguments {
    /// How a listener lets editors in; nothing where everybody comes in and nothing is encrypted.
    ///
    /// # Errors
    /// It would be open to whoever reaches it, or the files are not what they should be.
    pub(crate) fn door(&self, address: &ListenAddress) -> anyhow::Result<Option<Door>> {
        let is_safe = address.is_local() || self.insecure;
        if !address.is_encrypted {
            ensure!(
                is_safe,
                "{address} can be reached from other machines, and nothing is encrypted there: listen on tls:// or wss:// with \
                 --listen-cert and --listen-key, listen on 127.0.0.1, or say --insecure if whatever reaches the address may read everything"
            );
            return Ok(None);
        }
        let (Some(certificates), Some(key)) = (self.listen_cert.clone(), self.listen_key.clone()) else {
            bail!("{address} needs a certificate to show: --listen-cert and --listen-key");
        };
        let identity = TlsIdentity { certificates, key };
        let tokens = self.listen_tokens.as_ref().filter(|_| address.speech == Speech::WebSocket);
        let tokens = tokens.map(|file| editor_tokens::read(file)).transpose()?;
        let (callers, admits) = match (&self.listen_ca, tokens) {
            (Some(authorities), None) => (TlsCallers::OnlyKnown(authorities), Admits::Certificates),
            (authorities, Some(tokens)) => {
                let check: TokenCheck = Arc::new(move |token| tokens.knows(token));
                let callers = authorities.as_deref().map_or(TlsCallers::Anybody, TlsCallers::Known);
                (callers, Admits::CertificatesAndTokens(check))
            }
            (None, None) if is_safe => (TlsCallers::Anybody, Admits::Everybody),
            (None, None) => bail!(
                "{address} can be reached from other machines, and nobody there is asked who it is: give the authorities of editors' \
                 certificates with --listen-ca or, with wss://, tokens with --listen-tokens, listen on 127.0.0.1, or say --insecure if \
                 whatever reaches the address may read everything"
            ),
        };
        let encrypt = Arc::new(Tls(identity.listener(callers)?));
        Ok(Some(Door { encrypt, admits }))
    }
}

struct Tls(TlsServer);

impl Encrypt for Tls {
    fn encrypt(&self, stream: TcpStream) -> BoxFuture<'static, io::Result<Encrypted>> {
        let server = self.0.clone();
        Box::pin(async move {
            let (stream, has_certificate) = server.accept(stream).await?;
            Ok(Encrypted { stream: Box::new(stream), has_certificate })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(address: &str, arguments: &EntranceArguments) -> Result<bool, String> {
        let door = arguments.door(&address.parse().expect("an address"));
        door.map(|door| door.is_some()).map_err(|error| error.to_string())
    }

    #[test]
    fn no_listener_is_open_to_the_world_unless_that_is_said() {
        let (plain, insecure) =
            (EntranceArguments::default(), EntranceArguments { insecure: true, ..Default::default() });
        for address in ["tcp://0.0.0.0:1", "ws://[::]:1", "tcp://192.0.2.1:1", "ws://[::ffff:192.0.2.1]:1"] {
            let refused = door(address, &plain).expect_err("it is open");
            assert!(refused.contains("--listen-cert") && refused.contains("--insecure"), "{refused}");
            assert_eq!(door(address, &insecure), Ok(false), "{address}");
        }
        for address in ["tcp://127.0.0.1:1", "ws://[::1]:1"] {
            assert_eq!(door(address, &plain), Ok(false), "{address}");
        }
        for arguments in [plain, insecure] {
            let refused = door("tls://127.0.0.1:1", &arguments).expect_err("there is nothing to show");
            assert!(refused.contains("--listen-cert"), "{refused}");
        }
    }
}
