import { afterEach, describe, expect, it, vi } from 'vitest'
import { serviceMain, type ServiceDefinition } from './service-main.js'

const definition: ServiceDefinition<never> = {
  name: 'example',
  description: 'An example.',
  migrations: [],
  readConfig: () => {
    throw new Error('must not be read')
  },
  services: () => [],
}

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = 0
})

describe('the command line of a service', () => {
  it('answers --help without reading the configuration', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    await serviceMain(definition, { argv: ['--help'], env: {} })
    expect(write.mock.calls.join('')).toContain('serve --migrate')
  })

  it('refuses a command it does not know with exit code 2', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await serviceMain(definition, { argv: ['destroy'], env: {} })
    expect(write.mock.calls.join('')).toContain('unknown arguments: destroy')
    expect(process.exitCode).toBe(2)
  })
})
