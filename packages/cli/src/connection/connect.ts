import { WebSocket } from 'ws'
import { createHeirloomClient, type HeirloomClient, type Token } from '@heirloom/client'
import { CliError, UsageError } from '../cli-error.js'
import type { Options, Terminal, Values } from '../command.js'
import { findCliFile, type CliFile } from './cli-file.js'
import { tokenSource } from './client-credentials.js'

/** Options of every command that talks to a system. */
export const connectionOptions = {
  tenant: {
    type: 'string',
    placeholder: 'ID',
    help: 'the tenant to act for, for example t_haworth',
  },
  url: {
    type: 'string',
    placeholder: 'URL',
    help: 'the gateway; by default the one "npm start" started',
  },
  token: { type: 'string', placeholder: 'TOKEN', help: 'a Bearer token; also HEIRLOOM_TOKEN' },
  'data-dir': {
    type: 'string',
    placeholder: 'DIR',
    help: 'the data folder of the system; by default .heirloom here or above',
  },
} as const satisfies Options

export type ConnectionValues = Values<typeof connectionOptions>

export async function connect(
  values: ConnectionValues,
  terminal: Terminal,
): Promise<HeirloomClient> {
  const given = values.token ?? terminal.env['HEIRLOOM_TOKEN']
  const needsFile = values.url === undefined || given === undefined || given === ''
  const file = needsFile ? await findCliFile(terminal.cwd, values['data-dir']) : null
  const url = values.url ?? file?.gatewayUrl
  if (url === undefined) throw noSystem()
  const token: Token =
    given !== undefined && given !== ''
      ? given
      : tokenSource(file ?? missingFile(), tenantOf(values.tenant, file ?? missingFile()))
  return createHeirloomClient({ url: endpoint(url), token, webSocketImpl: WebSocket })
}

/** @throws UsageError that names the tenants there are */
export function tenantOf(tenant: string | undefined, { clients }: CliFile): string {
  const known = Object.keys(clients)
  if (tenant === undefined) {
    throw new UsageError(`--tenant is missing; there is: ${known.join(', ')}`)
  }
  const found = [tenant, `t_${tenant}`].find((id) => known.includes(id))
  if (found !== undefined) return found
  throw new CliError(
    'NOT_FOUND',
    `there are no credentials for a tenant "${tenant}"; there is: ${known.join(', ')}`,
  )
}

export function noSystem(): CliError {
  return new CliError(
    'NOT_FOUND',
    'no system was found: there is no .heirloom/cli.json here or in a folder above.\n' +
      'Start one with "npm start" and call this in its folder, or give --data-dir, or --url and --token.',
  )
}

function missingFile(): never {
  throw noSystem()
}

function endpoint(url: string): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new UsageError(
      `--url ${JSON.stringify(url)} is no address; for example http://127.0.0.1:4000`,
    )
  }
  if (!/^https?:$/.test(parsed.protocol))
    throw new UsageError('--url must begin with http:// or https://')
  if (parsed.pathname === '/') parsed.pathname = '/graphql'
  return parsed.href
}
