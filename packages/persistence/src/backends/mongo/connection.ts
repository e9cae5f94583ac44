import { MongoClient, type Collection } from 'mongodb'
import type { RawDocument, RawUser } from './raw.js'

export interface MongoConfig {
  /** `mongodb://…` of a replica set: change streams and majority writes need one. */
  readonly uri: string
  /** The database of MongoDB that the collections are in; databases of tenants are rows in it. */
  readonly db: string
  readonly dataCollection?: string
  readonly userCollection?: string
}

/** One client, shared by the stores of one configured backend; connects when it is first used. */
export interface Mongo {
  readonly documents: Collection<RawDocument>
  readonly users: Collection<RawUser>
  readonly client: MongoClient
  readonly close: () => Promise<void>
}

const connectTimeoutMs = 5_000
const socketTimeoutMs = 20_000
const maxPoolSize = 50

export function openMongo(config: MongoConfig): Mongo {
  const client = new MongoClient(config.uri, {
    appName: 'heirloom documents',
    serverSelectionTimeoutMS: connectTimeoutMs,
    connectTimeoutMS: connectTimeoutMs,
    socketTimeoutMS: socketTimeoutMs,
    maxPoolSize,
    // What was acknowledged survives the loss of any one member, and is what is read.
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    ignoreUndefined: true,
  })
  const db = client.db(config.db)
  let closed: Promise<void> | undefined
  return {
    client,
    documents: db.collection<RawDocument>(config.dataCollection ?? 'documents'),
    users: db.collection<RawUser>(config.userCollection ?? 'users'),
    close: () => (closed ??= client.close()),
  }
}
