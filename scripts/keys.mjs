#!/usr/bin/env node
// Makes the secrets of a new installation: prints environment lines, and writes the private JWK
// set that signs internal tokens.
//   node scripts/keys.mjs > .env            (writes ./internal-keys.json beside it)
//   node scripts/keys.mjs --keys-file FILE
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    'keys-file': { type: 'string', default: 'internal-keys.json' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log('usage: node scripts/keys.mjs [--keys-file FILE] > .env')
  process.exit(0)
}
const file = values['keys-file']
if (existsSync(file)) {
  console.error(`${file} is already there; remove it first, or name another with --keys-file`)
  process.exit(1)
}
const { privateKey } = generateKeyPairSync('ed25519')
const kid = new Date().toISOString().slice(0, 10)
const key = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' }
writeFileSync(file, `${JSON.stringify({ keys: [key] }, null, 2)}\n`, { mode: 0o600 })
const secret = () => `k1:${randomBytes(32).toString('base64')}`
console.log(`INTERNAL_KEYS_FILE=./${file}`)
console.log(`SESSION_KEYS=${secret()}`)
console.log(`STREAM_CURSOR_KEYS=${secret()}`)
console.error(`wrote ${file}; keep it secret`)
