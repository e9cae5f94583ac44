import type * as vendor from '@google-cloud/firestore'
import type { ClientOptions } from 'google-gax'

export type DataClient = InstanceType<typeof vendor.v1.FirestoreClient>
export type AdminClient = InstanceType<typeof vendor.v1.FirestoreAdminClient>

export interface ClientSettings {
  readonly project: string
  /** Of an emulator, which has neither TLS nor credentials. */
  readonly endpoint: { readonly host: string; readonly port: number } | undefined
  /** The text of a service account's key, read anew for each client. */
  readonly credentials: (() => Promise<string>) | undefined
}

/**
 * Clients, made when they are first needed. Listeners have one of their own: a connection carries
 * 100 streams at a time, and a listener keeps one of them.
 */
export interface Clients {
  data(): Promise<DataClient>
  listening(): Promise<DataClient>
  admin(): Promise<AdminClient>
  /** After their credentials were refused; what replaces them reads the secret again. */
  forget(): void
  close(): Promise<void>
}

interface Closing {
  readonly close: () => Promise<void>
}

interface Closable {
  initialize(): Promise<unknown>
  close(): Promise<void>
}

export function createClients(settings: ClientSettings): Clients {
  const opened = new Set<Closing>()

  function once<Client extends Closable>(make: () => Promise<Client>): () => Promise<Client> {
    let client: Promise<Client> | undefined

    const closing: Closing = {
      close: async () => {
        const last = client
        client = undefined
        opened.delete(closing)
        // One that was never made has nothing to close.
        await last?.then(
          (one) => one.close(),
          () => undefined,
        )
      },
    }

    return () => {
      if (client !== undefined) return client
      const making = make().then(async (one) => {
        // Until it is initialised, a failure inside it would be an unhandled rejection.
        await one.initialize()
        return one
      })
      client = making
      opened.add(closing)
      making.catch(() => {
        if (client === making) client = undefined
      })
      return making
    }
  }

  async function closeAll(): Promise<void> {
    await Promise.all(Array.from(opened, ({ close }) => close()))
  }

  const dataClient = async (): Promise<DataClient> => {
    const { v1 } = await vendorClient()
    return new v1.FirestoreClient(await clientOptions(settings))
  }
  return {
    data: once(dataClient),
    listening: once(dataClient),
    admin: once(async () => {
      const { v1 } = await vendorClient()
      return new v1.FirestoreAdminClient(await clientOptions(settings))
    }),
    forget: () => void closeAll().catch(() => undefined),
    close: closeAll,
  }
}

/** A CommonJS module whose `v1` Node does not see among its names: only its default has it. */
async function vendorClient(): Promise<typeof vendor> {
  return (await import('@google-cloud/firestore')).default
}

async function clientOptions(settings: ClientSettings): Promise<ClientOptions> {
  const { project, endpoint, credentials } = settings
  // Without it a stream is repeated by a library that waits for seconds and may swallow the error;
  // with it, by what each call says, which is: not at all.
  const common = { projectId: project, gaxServerStreamingRetries: true }
  if (endpoint !== undefined) {
    const { grpc } = await import('google-gax')
    return {
      ...common,
      apiEndpoint: endpoint.host,
      port: endpoint.port,
      sslCreds: grpc.credentials.createInsecure(),
      // Otherwise the client looks for credentials all over the machine, for an emulator.
      credentials: { client_email: 'emulator', private_key: 'emulator' },
    }
  }
  if (credentials === undefined) return common
  return { ...common, credentials: readServiceAccount(await credentials()) }
}

/** @throws Error that repeats nothing of the secret */
function readServiceAccount(text: string): { client_email: string; private_key: string } {
  let key: unknown
  try {
    key = JSON.parse(text)
  } catch {
    // The parser's message would quote the secret.
    throw new Error('the secret is no service account key: it is not JSON')
  }
  if (
    typeof key === 'object' &&
    key !== null &&
    'client_email' in key &&
    'private_key' in key &&
    typeof key.client_email === 'string' &&
    typeof key.private_key === 'string'
  ) {
    return { client_email: key.client_email, private_key: key.private_key }
  }
  throw new Error('the secret is no service account key: it has no client_email and private_key')
}
