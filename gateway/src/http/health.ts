import type { FastifyInstance } from 'fastify'
import { AppError } from '@heirloom/errors'

/** Resolves to what is missing, or to undefined. */
export type HealthCheck = () => Promise<string | readonly string[] | undefined>

/** `/healthz`: the process lives. `/readyz`: it can serve; if not, the answer says what it lacks. */
export function serveHealth(app: FastifyInstance, checks: readonly HealthCheck[]): void {
  app.get('/healthz', () => ({ status: 'ok', service: 'gateway' }))
  app.get('/readyz', async () => {
    const found = await Promise.all(checks.map((check) => check()))
    const missing = found.flatMap((lack) => lack ?? [])
    if (missing.length === 0) return { status: 'ok', service: 'gateway' }
    throw new AppError('BACKEND_UNAVAILABLE', `not ready, missing: ${missing.join(', ')}`, {
      details: { missing },
    })
  })
}

/** A check that says `name` is missing while `probe` throws. */
export function lacksWhileThrowing(name: string, probe: () => Promise<unknown>): HealthCheck {
  return async () => {
    try {
      await probe()
      return undefined
    } catch {
      return name
    }
  }
}
