import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ChainHead } from '@heirloom/audit'
import { tenantId } from '@heirloom/tenancy'
import { CliError } from '../../cli-error.js'

/** A line of what `heirloom audit head` prints. */
export interface KeptHead extends ChainHead {
  readonly database: string
}

export function headLine({ database, tenantId: tenant, position, hash }: KeptHead): string {
  return `${JSON.stringify({ database, tenant, position, hash })}\n`
}

/** @throws CliError NOT_FOUND, INVALID_INPUT that names the line */
export async function readHeads(cwd: string, file: string): Promise<readonly KeptHead[]> {
  const text = await readFile(resolve(cwd, file), 'utf8').catch((cause: unknown) => {
    throw new CliError('NOT_FOUND', `${file} cannot be read`, { cause })
  })
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const head = parsed(line)
    if (head !== null) return [head]
    throw new CliError('INVALID_INPUT', `${file}, line ${index + 1}: this is no head of a chain`)
  })
}

function parsed(line: string): KeptHead | null {
  try {
    const { database, tenant, position, hash } = JSON.parse(line) as Readonly<
      Record<string, unknown>
    >
    if (typeof database !== 'string' || typeof tenant !== 'string') return null
    if (!Number.isSafeInteger(position) || typeof position !== 'number' || position < 1) return null
    if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return null
    return { database, tenantId: tenantId(tenant), position, hash }
  } catch {
    return null
  }
}
