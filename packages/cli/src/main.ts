#!/usr/bin/env node
import { text } from 'node:stream/consumers'
import { runCli } from './run-cli.js'

const controller = new AbortController()
process.once('SIGINT', () => controller.abort())
process.once('SIGTERM', () => controller.abort())
// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') controller.abort()
  else throw error
})

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  out: (line) => process.stdout.write(line),
  err: (line) => process.stderr.write(line),
  isInteractive: process.stderr.isTTY,
  readInput: () => text(process.stdin),
  signal: controller.signal,
})
