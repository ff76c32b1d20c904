//! The requests of one call: the token, the pace between them, and the time they have together.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::classify::Refusal;
use super::client::Cirrus;
use super::envelope::Envelope;
use super::request::Request;
use super::wire::{JSON, SCHEME};
use crate::provider::Failure;
use crate::provider::http::{Reply, within};
use crate::secret::Secret;

/// The requests of one call.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    cirrus: &'a Cirrus,
    end: Duration,
    has_asked: bool,
    has_read_again: bool,
}

impl<'a> Exchange<'a> {
    /// Nothing was asked yet, and all of the call's time is left.
    pub(super) fn new(cirrus: &'a Cirrus) -> Self {
        Self {
            cirrus,
            end: cirrus.end(),
            has_asked: false,
            has_read_again: false,
        }
    }

    /// Makes a request and reads its answer.
    ///
    /// # Errors
    /// Why it is no success.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Envelope, Refusal> {
        let reply = self.send(request).await.map_err(Refusal::Failed)?;
        self.cirrus.patterns().read(request.asked, &reply)
    }

    /// A token in a file may have been rotated: rejected, the file is read again, and what it
    /// says then is tried once.
    async fn send(&mut self, request: &Request) -> Result<Reply, Failure> {
        let token = self.cirrus.token();
        let reply = self.once(request, &token).await?;
        if !matches!(reply.status, 401 | 403) || self.has_read_again {
            return Ok(reply);
        }
        self.has_read_again = true;
        match self.cirrus.read_token_again(&token) {
            Some(fresh) => self.once(request, &fresh).await,
            None => Ok(reply),
        }
    }

    /// Waits until the next request may start.
    async fn pause(&self) -> Result<(), Failure> {
        let pause = async {
            self.cirrus.pace().wait().await;
            Ok(())
        };
        let waited = within(self.left()?, pause).await;
        waited.map_err(|_over| Failure::Unreachable)
    }

    /// What is left of the call's time: what is not asked within it is surely not done.
    fn left(&self) -> Result<Duration, Failure> {
        let left = self.cirrus.left(self.end);
        left.ok_or(Failure::Unreachable)
    }

    async fn once(&mut self, request: &Request, token: &Secret) -> Result<Reply, Failure> {
        if self.has_asked {
            self.pause().await?;
        }
        self.has_asked = true;
        let left = self.left()?;
        let url = self.cirrus.url(&request.path);
        let headers = headers(token)?;
        let body = Bytes::from(request.body.clone());
        let answer = self
            .cirrus
            .http()
            .send(request.method.clone(), url, headers, body);
        within(left, answer).await
    }
}

/// "For all requests".
fn headers(token: &Secret) -> Result<HeaderMap, Failure> {
    let value = format!("{SCHEME} {}", token.expose());
    // A token that is no header's value was refused at the start, or is news of a file: nothing
    // is sent with it.
    let mut authorization =
        HeaderValue::try_from(value).map_err(|_| Failure::Unauthorized { status: 0 })?;
    authorization.set_sensitive(true);
    Ok(HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(JSON)),
        (AUTHORIZATION, authorization),
    ]))
}
