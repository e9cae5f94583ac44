/** Opaque text for a list of JSON values. */
export function encodeToken(parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** The list; empty for what `encodeToken` did not write, down to the last character. */
export function decodeToken(token: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    return Array.isArray(parts) && encodeToken(parts) === token ? (parts as unknown[]) : []
  } catch {
    return []
  }
}
