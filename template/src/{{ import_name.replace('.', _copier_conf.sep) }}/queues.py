"""Queues of SQS's kind: how one is made, and how the relay writes to one.

Where they are, and who we are to them, says the environment, as boto3 has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote_plus

import boto3
from botocore.exceptions import BotoCoreError, ClientError

MOST = 10
"""Messages of one request."""


def make_queue(address: str, bucket: str) -> str:
    """Make a queue to which the store may write, for one bucket and no other; its ARN."""
    queues = boto3.client("sqs")
    url = queues.create_queue(QueueName=_name(address))["QueueUrl"]
    told = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = str(told["Attributes"]["QueueArn"])
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return arn


class Queue:
    """What the relay tells where a store cannot write to the queue of its site.

    Parameters
    ----------
    address
        The address of the queue.
    """

    def __init__(self, address: str) -> None:
        self.name = f"the queue {address}"
        self._address = address

    def tell(self, asset: str, arrivals: list[dict[str, str]]) -> None:  # noqa: ARG002 - in each address
        """Write a message for each object, as a store would.

        Raises
        ------
        OSError
            If the queue does not take all.
        """
        try:
            client = boto3.client("sqs")
            # One that keeps its queues in memory has forgotten them when it starts anew.
            url = client.create_queue(QueueName=_name(self._address))["QueueUrl"]
            for at in range(0, len(arrivals), MOST):
                bodies = map(_write, arrivals[at : at + MOST])
                told = [{"Id": str(one), "MessageBody": body} for one, body in enumerate(bodies)]
                answer = client.send_message_batch(QueueUrl=url, Entries=told)
                if wrong := answer.get("Failed"):
                    raise OSError(wrong[0].get("Message", wrong[0]["Code"]))
        except (BotoCoreError, ClientError) as error:
            raise OSError(str(error)) from error


def _name(address: str) -> str:
    return address.rpartition("/")[2]


def _write(arrival: Mapping[str, str]) -> str:
    """Write the notification of an object, as Amazon's S3 does."""
    told = {
        "key": quote_plus(arrival["key"]),
        "versionId": arrival["version"],
        "eTag": arrival["etag"],
        "sequencer": arrival["sequencer"],
    }
    record = {
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": arrival["bucket"]}, "object": told},
    }
    return json.dumps({"Records": [record]})
