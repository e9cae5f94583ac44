import { buildApp, type BuildAppOptions } from 'fauxqs'

type Stores = NonNullable<BuildAppOptions['stores']>
export type SqsStore = Stores['sqsStore']
export type SnsStore = Stores['snsStore']
export type S3Store = Stores['s3Store']
export type S3Object = ReturnType<S3Store['getObject']>
export type SqsQueue = ReturnType<SqsStore['createQueue']>
export type SqsMessage = Parameters<SqsQueue['enqueue']>[0]
export type FauxqsApp = ReturnType<typeof buildApp>

/**
 * fauxqs' own starter binds every interface and keeps its stores to itself. The package exports
 * the builder, which takes stores, but not the stores' classes: these are loaded by their place
 * in the package, whose version is therefore pinned.
 */
export async function createStores(): Promise<Stores> {
  const root = import.meta.resolve('fauxqs')
  const load = (path: string): Promise<unknown> => import(new URL(path, root).href)
  const { SqsStore } = (await load('./sqs/sqsStore.js')) as { SqsStore: new () => SqsStore }
  const { SnsStore } = (await load('./sns/snsStore.js')) as { SnsStore: new () => SnsStore }
  const { S3Store } = (await load('./s3/s3Store.js')) as { S3Store: new () => S3Store }
  return { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() }
}

export { buildApp }
