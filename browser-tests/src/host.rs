//! A web host as anybody may have it: nginx, which knows nothing of us, with `dist` in a sub-folder.

use std::{
    env, fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::sleep};

use crate::{
    child::{Child, installed},
    page::target,
};

/// Below this path the page is found.
const PATH: &str = "/people/ada/synema/";

/// A running host.
pub struct Host {
    /// Where the page is.
    pub url: String,
    // Ended before its folder goes.
    _nginx: Child,
    _folder: TempDir,
}

impl Host {
    /// Starts it on a free port of the loopback.
    ///
    /// # Errors
    /// When there is no nginx, or it does not answer within ten seconds.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("no folder can be made")?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let config = folder.path().join("nginx.conf");
        fs::write(&config, configuration(folder.path(), port))?;
        let config = config.to_str().context("the path is UTF-8")?;
        let nginx = Child::start(&installed(&["nginx"])?, &["-c", config, "-e", "stderr"])?;
        for _ in 0..200 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .await
                .is_ok()
            {
                return Ok(Self {
                    url: format!("http://127.0.0.1:{port}{PATH}"),
                    _nginx: nginx,
                    _folder: folder,
                });
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("nginx does not answer on port {port}")
    }
}

fn configuration(own: &Path, port: u16) -> String {
    let (own, dist) = (own.display(), dist().display().to_string());
    format!(
        "daemon off; pid {own}/pid; worker_processes 1; error_log stderr;\n\
         events {{}}\n\
         http {{\n\
           include /etc/nginx/mime.types; access_log off;\n\
           client_body_temp_path {own}; proxy_temp_path {own}; fastcgi_temp_path {own};\n\
           uwsgi_temp_path {own}; scgi_temp_path {own};\n\
           server {{ listen 127.0.0.1:{port}; location {PATH} {{ alias {dist}/; }} }}\n\
         }}\n"
    )
}

/// The page for any host: told by `SYNEMA_DIST`, else `target/dist`.
fn dist() -> PathBuf {
    let told = env::var_os("SYNEMA_DIST").map(PathBuf::from);
    told.unwrap_or_else(|| target().join("dist"))
}
