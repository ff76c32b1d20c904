//! What stands before receivers in a cluster: new connections go to those that are ready, a
//! connection stays where it is.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Connections to one address, spread over several; dropped, it closes them.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    endpoints: Endpoints,
    _accepting: JoinSet<()>,
}

/// Who gets new connections, in turn.
#[derive(Debug, Clone, Default)]
struct Endpoints(Arc<Mutex<Vec<SocketAddr>>>);

impl Endpoints {
    fn next(&self) -> SocketAddr {
        let mut endpoints = self.0.lock().unwrap();
        endpoints.rotate_left(1);
        endpoints[0]
    }
}

impl Balancer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endpoints = Endpoints::default();
        let mut accepting = JoinSet::new();
        let theirs = endpoints.clone();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                connections.spawn(join(client, theirs.next()));
            }
        });
        Self {
            address,
            endpoints,
            _accepting: accepting,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// New connections go there too.
    pub fn add(&self, endpoint: SocketAddr) {
        self.endpoints.0.lock().unwrap().push(endpoint);
    }

    /// No new connection goes there.
    pub fn remove(&self, endpoint: SocketAddr) {
        let mut endpoints = self.endpoints.0.lock().unwrap();
        endpoints.retain(|known| *known != endpoint);
    }
}

/// Carries bytes both ways until either side ends.
async fn join(mut client: TcpStream, endpoint: SocketAddr) {
    // A receiver that does not take the connection is seen by the client as it would be
    // without anybody between: as one that closed.
    let Ok(mut server) = TcpStream::connect(endpoint).await else {
        return;
    };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
}
