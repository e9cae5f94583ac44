#!/bin/sh
# Runs when LocalStack is ready: the topic, and for each consumer a queue with its dead-letter queue.
set -eu
topic=$(awslocal sns create-topic --name heirloom-domain-events.fifo \
  --attributes FifoTopic=true,ContentBasedDeduplication=false --query TopicArn --output text)
for consumer in search-indexer timeline-projector; do
  dead=$(awslocal sqs create-queue --queue-name "heirloom-${consumer}-dlq.fifo" \
    --attributes FifoQueue=true --query QueueUrl --output text)
  dead_arn=$(awslocal sqs get-queue-attributes --queue-url "$dead" \
    --attribute-names QueueArn --query Attributes.QueueArn --output text)
  queue=$(awslocal sqs create-queue --queue-name "heirloom-${consumer}.fifo" \
    --attributes "{\"FifoQueue\":\"true\",\"VisibilityTimeout\":\"30\",\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"${dead_arn}\\\",\\\"maxReceiveCount\\\":\\\"5\\\"}\"}" \
    --query QueueUrl --output text)
  arn=$(awslocal sqs get-queue-attributes --queue-url "$queue" \
    --attribute-names QueueArn --query Attributes.QueueArn --output text)
  awslocal sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint "$arn" \
    --attributes RawMessageDelivery=true
done
