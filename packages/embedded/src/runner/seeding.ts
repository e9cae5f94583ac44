import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { AppError } from '@heirloom/errors'
import type { EmbeddedOidcProvider } from '../oidc.js'
import type { DataDir } from './data-dir.js'
import { took } from './opened.js'

/**
 * Tells the demo tenants their stories, as a client of the gateway, unless an earlier start did.
 * A seed that fails leaves the system running: it is tried again at the next start.
 */
export async function seedOnce(
  dataDir: DataDir,
  gatewayUrl: string,
  oidc: EmbeddedOidcProvider,
  onProgress: (message: string) => void,
): Promise<void> {
  if (existsSync(dataDir.seededFile)) return
  const startedAtMs = Date.now()
  try {
    const { seed } = await import('../seed/index.js')
    await seed({ gatewayUrl, token: (tenantId) => ownerToken(oidc, tenantId) })
    await writeFile(dataDir.seededFile, JSON.stringify({ at: new Date().toISOString() }))
    onProgress(`the demo tenants have their stories ${took(startedAtMs)}`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    onProgress(`the demo tenants have no stories yet: ${reason}`)
  }
}

async function ownerToken(oidc: EmbeddedOidcProvider, tenantId: string): Promise<string> {
  const client = oidc.cliClients[tenantId]
  if (client === undefined) throw new AppError('NOT_FOUND', `there is no demo tenant ${tenantId}`)
  const credentials = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
  const response = await fetch(oidc.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: oidc.audience }),
  })
  const answer = (await response.json()) as { access_token?: string; error?: string }
  if (answer.access_token !== undefined) return answer.access_token
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `the identity provider gave no token: ${answer.error ?? ''}`,
  )
}
