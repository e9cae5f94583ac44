import type { Adapter, AdapterConstructor, AdapterPayload } from 'oidc-provider'
import type { DurableMap } from '../durable-map.js'

export interface StoredPayload {
  readonly payload: AdapterPayload
  /** Seconds since the epoch. */
  readonly expiresAt?: number
}

/**
 * oidc-provider's storage over one durable map: sessions, grants and refresh tokens outlive a
 * restart of the provider. Keys are `model:id`. The lists are scanned: this serves a laptop.
 */
export function createAdapter(
  map: DurableMap<StoredPayload>,
  now: () => number = Date.now,
): AdapterConstructor {
  const seconds = (): number => Math.floor(now() / 1000)
  const expired = ({ expiresAt }: StoredPayload): boolean =>
    expiresAt !== undefined && expiresAt < seconds()
  for (const [key, stored] of map.entries()) if (expired(stored)) map.delete(key)

  return class DurableAdapter implements Adapter {
    readonly #model: string

    constructor(model: string) {
      this.#model = model
    }

    upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const expiry = expiresIn > 0 ? { expiresAt: seconds() + expiresIn } : {}
      map.set(this.#key(id), { payload, ...expiry })
      return Promise.resolve()
    }

    find(id: string): Promise<AdapterPayload | undefined> {
      return Promise.resolve(this.#live(id)?.payload)
    }

    findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return Promise.resolve(this.#search((payload) => payload.uid === uid))
    }

    findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
      return Promise.resolve(this.#search((payload) => payload.userCode === userCode))
    }

    consume(id: string): Promise<void> {
      const stored = this.#live(id)
      if (stored !== undefined) {
        map.set(this.#key(id), { ...stored, payload: { ...stored.payload, consumed: seconds() } })
      }
      return Promise.resolve()
    }

    destroy(id: string): Promise<void> {
      map.delete(this.#key(id))
      return Promise.resolve()
    }

    revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, { payload }] of map.entries()) {
        if (key.startsWith(`${this.#model}:`) && payload.grantId === grantId) map.delete(key)
      }
      return Promise.resolve()
    }

    #key(id: string): string {
      return `${this.#model}:${id}`
    }

    #live(id: string): StoredPayload | undefined {
      const stored = map.get(this.#key(id))
      return stored === undefined || expired(stored) ? undefined : stored
    }

    #search(matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
      for (const [key, stored] of map.entries()) {
        if (key.startsWith(`${this.#model}:`) && !expired(stored) && matches(stored.payload)) {
          return stored.payload
        }
      }
      return undefined
    }
  }
}
