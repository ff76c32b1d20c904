#!/usr/bin/env python3
"""An HR system that speaks to a receiver by signed webhooks.

    sender.py URL hire RATE STOP-FILE FIRST   hires people by number until the file appears
    sender.py URL terminate PERSON            somebody leaves

Each webhook is sent until it is answered 2xx, as a sender does that keeps what it must deliver.
At the end one line of JSON: how many were answered, and what went wrong on the way, by kind.
The signature is made here and not by the relay's own program (Standard Webhooks 1.0).
"""

import base64
import collections
import datetime
import hashlib
import hmac
import http.client
import itertools
import json
import os
import sys
import threading
import time
import urllib.parse

SENDERS = 8
KEY = base64.b64decode("cHJvb2Yta2V5LW9mLXRoZS1wb3J0YWwtMDE=")


def webhook(kind, person, data):
    now = datetime.datetime.now(datetime.timezone.utc)
    return json.dumps(
        {
            "type": f"hr.employee.{kind}.v1",
            "timestamp": now.isoformat(),
            "subject": person,
            "data": data,
        }
    )


def hire(number):
    data = {"effective_at": "2020-01-01", "groups": {"current": ["Sales"]}}
    return webhook("hired", f"e-{number:05}", data)


def headers(name, body):
    at = str(int(time.time()))
    signed = hmac.new(KEY, f"{name}.{at}.{body}".encode(), hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


class Sender:
    """One connection, kept as long as the receiver keeps it."""

    def __init__(self, url, troubles):
        self.url = urllib.parse.urlsplit(url)
        self.troubles = troubles
        self.connection = None

    def post(self, name, body):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                self.url.hostname, self.url.port, timeout=10
            )
        try:
            self.connection.request("POST", "/hooks/portal", body, headers(name, body))
            answer = self.connection.getresponse()
            answer.read()
            return None if answer.status == 200 else str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.connection = None
            return type(error).__name__

    def deliver(self, name, body):
        while trouble := self.post(name, body):
            self.troubles.append(trouble)
            time.sleep(0.2)


def hires(url, rate, stop, first):
    numbers, answered, troubles = itertools.count(int(first)), [], []
    pause = SENDERS / float(rate)

    def work():
        sender = Sender(url, troubles)
        while not os.path.exists(stop):
            number = next(numbers)
            sender.deliver(f"msg-{os.getpid()}-{number}", hire(number))
            answered.append(number)
            time.sleep(pause)

    senders = [threading.Thread(target=work) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return answered, troubles


def main(url, what, *rest):
    if what == "hire":
        answered, troubles = hires(url, *rest)
    else:
        (person,), troubles = rest, []
        body = webhook("terminated", person, {})
        Sender(url, troubles).deliver(f"msg-{os.getpid()}-{person}", body)
        answered = [person]
    print(json.dumps({"answered": len(answered), "troubles": collections.Counter(troubles)}))


main(*sys.argv[1:])
