export type { Terminal } from './command.js'
export { exitCodes, runCli } from './run-cli.js'
