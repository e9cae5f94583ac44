import { openDurableMap } from '../durable-map.js'
import type { SqsMessage, SqsQueue, SqsStore } from './fauxqs.js'

/*
 * The emulator keeps messages in memory, while the outbox of the sender says "published" for good:
 * a message that is lost between the two would be lost for ever. So each message is written down
 * when it is queued, under its id, and struck out when it is deleted; a start queues again, in
 * their old order, those that are left. What was in flight is delivered once more: consumers are
 * idempotent. Not kept: receive counts since the last write, the deduplication window, and queues
 * that were not declared again.
 */

interface StoredMessage {
  readonly queue: string
  readonly message: SqsMessage
}

export interface DurableQueues {
  /** Queues again what an earlier process left; call it when all queues are declared. */
  restore(): void
  close(): void
}

/** Call it before any queue is created. */
export function makeQueuesDurable(store: SqsStore, path: string): DurableQueues {
  const messages = openDurableMap<StoredMessage>(path)
  const createQueue = store.createQueue.bind(store)
  store.createQueue = (...args) => watch(createQueue(...args))

  function watch(queue: SqsQueue): SqsQueue {
    const enqueue = queue.enqueue.bind(queue)
    queue.enqueue = (message) => {
      // A move to the dead letters arrives here too, under the same id: the entry moves along.
      messages.set(message.messageId, { queue: queue.name, message })
      enqueue(message)
    }
    const deleteMessage = queue.deleteMessage.bind(queue)
    queue.deleteMessage = (receiptHandle) => {
      const id = queue.inflightMessages.get(receiptHandle)?.message.messageId
      if (id !== undefined) messages.delete(id)
      return deleteMessage(receiptHandle)
    }
    const purge = queue.purge.bind(queue)
    queue.purge = () => {
      for (const [id, stored] of messages.entries()) {
        if (stored.queue === queue.name) messages.delete(id)
      }
      purge()
    }
    return queue
  }

  return {
    restore: () => {
      for (const [id, { queue, message }] of messages.entries()) {
        const declared = store.getQueueByName(queue)
        if (declared === undefined) messages.delete(id)
        else declared.enqueue(message)
      }
    },
    close: () => messages.close(),
  }
}
