#!/usr/bin/env node
// `npm run test:rigs`: fetches the servers and programs that the npm registry does not carry into
// .rigs/, then runs the suites that need them (*.rig.test.ts). What cannot be had is named in the
// closing lines as not run, with the reason.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { chromium } from './rigs/chromium.mjs'
import { cosmos } from './rigs/cosmos.mjs'
import { dockerCompose } from './rigs/docker-compose.mjs'
import { dynamodb } from './rigs/dynamodb.mjs'
import { firestore } from './rigs/firestore.mjs'
import { minio } from './rigs/minio.mjs'
import { mongo } from './rigs/mongo.mjs'
import { redis } from './rigs/redis.mjs'

const cache = '.rigs'
mkdirSync(cache, { recursive: true })
const rigs = [
  chromium(),
  dockerCompose(cache),
  dynamodb(cache),
  firestore(),
  cosmos(cache),
  minio(cache),
  await mongo(cache),
  redis(),
]
const env = { ...process.env }
for (const { name, env: found, missing } of rigs) {
  console.log(missing ? `missing  ${name}: ${missing}` : `ready    ${name}`)
  Object.assign(
    env,
    found,
    missing ? { [`HEIRLOOM_RIG_MISSING_${name.toUpperCase().replaceAll('-', '_')}`]: missing } : {},
  )
}
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'vitest.rigs.config.ts',
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit', env },
)
process.exit(status ?? 1)
