//! How the receiver parts from its senders: each connection ends with an answer that says so,
//! so that no request comes in on one that is being closed.

use std::any::Any;

use actix_web::dev::{Extensions, Service, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use futures_util::TryFutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::settings::PARTING;

/// The connections that are open, and whether it is time to part.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections {
    open: TaskTracker,
    parting: CancellationToken,
}

impl Connections {
    /// Counts a connection for as long as its extensions live, which is as long as it does.
    pub(super) fn opened(&self, _stream: &dyn Any, extensions: &mut Extensions) {
        extensions.insert(self.open.token());
    }

    /// Serves a request; once it is time to part, the answer is the connection's last
    /// (RFC 9112, section 9.6).
    pub(super) fn served<S, B>(
        &self,
        request: ServiceRequest,
        service: &S,
    ) -> impl Future<Output = Result<ServiceResponse<B>, S::Error>> + use<S, B>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>>,
    {
        let parting = self.parting.clone();
        service.call(request).map_ok(move |mut response| {
            if parting.is_cancelled() {
                let head = response.response_mut().head_mut();
                head.set_connection_type(ConnectionType::Close);
            }
            response
        })
    }

    /// Parts: until every connection is closed, or has not been used for a while.
    pub(super) async fn part(&self) {
        self.parting.cancel();
        self.open.close();
        // Those that are left are idle: closing them costs no request.
        let _idle_left = tokio::time::timeout(PARTING, self.open.wait()).await;
    }
}
