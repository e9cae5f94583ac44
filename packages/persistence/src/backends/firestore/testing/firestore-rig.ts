import { Firestore } from '@google-cloud/firestore'
import { createIds } from '@heirloom/testkit'
import type { BackendRig, RunningBackend } from '../../../contract/backend-rig.js'
import type { Backend } from '../../backend.js'
import type { BackendConfig } from '../../config-spec.js'
import { createFirestoreBackend } from '../firestore-backend.js'
import { startFirestore, type FirestoreServer } from './firestore-server.js'

const newId = createIds()

export interface RunningFirestore extends RunningBackend {
  readonly backend: Backend
  readonly config: BackendConfig & { readonly collection: string }
  /** The vendor's own client, to look at what is stored. */
  readonly client: Firestore
  readonly server: FirestoreServer
}

/** A server, and a collection of its own. */
export async function runFirestore(now: () => number): Promise<RunningFirestore> {
  const server = await startFirestore()
  const { endpoint, project, database } = server
  const backend = createFirestoreBackend({
    ...(endpoint === undefined ? {} : { firestoreEndpoints: [endpoint] }),
    now,
  })
  const collection = `heirloom-test-${newId()}`
  const config = {
    project,
    database,
    collection,
    ...(endpoint === undefined ? {} : { endpoint }),
  }
  const client = new Firestore({
    projectId: project,
    databaseId: database,
    ...(endpoint === undefined
      ? {}
      : {
          host: endpoint,
          ssl: false,
          credentials: { client_email: 'emulator', private_key: 'emulator' },
        }),
  })
  return {
    backend,
    config,
    client,
    server,
    open: () => backend.open(config),
    stop: async () => {
      if (endpoint === undefined) await client.recursiveDelete(client.collection(collection))
      await client.terminate()
      await server.stop()
    },
  }
}

export const firestoreBackendRig: BackendRig = { type: 'firestore', start: runFirestore }
