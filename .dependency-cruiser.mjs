// Who may import whom (see HOUSE rules in docs/architecture.md). Each rule says why it is there.
const subgraph = '^subgraphs/([^/]+)/'

/** The client of each store product, by the one folder of backends that may know it. */
const vendors = {
  dynamodb: ['@aws-sdk/client-dynamodb'],
  firestore: ['@google-cloud', 'google-gax'],
  cosmos: ['@azure'],
  mongo: ['mongodb'],
  redis: ['redis', 'ioredis', '@redis'],
}
const vendorRules = Object.entries(vendors).map(([folder, packages]) => ({
  name: `${folder}-client-in-its-backend`,
  comment: 'What a vendor calls things, and how its client fails, is known to its backend alone.',
  severity: 'error',
  from: {
    pathNot: [
      `^packages/persistence/src/backends/${folder}/`,
      // Tests look at what is stored with the vendor's own client, benchmarks measure against it.
      '\\.test\\.ts$',
      '^bench/',
    ],
  },
  to: { path: packages.map((one) => `^node_modules/${one}/`) },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means that two modules are really one, and neither can be tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'packages-below-services',
      comment: 'Packages serve every service; one that knows a service could serve only that one.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(subgraphs|gateway)/' },
    },
    {
      name: 'subgraphs-apart',
      comment: 'Subgraphs are deployed apart; they meet in the supergraph and on the bus only.',
      severity: 'error',
      from: { path: subgraph },
      to: { path: '^subgraphs/', pathNot: '^subgraphs/$1/' },
    },
    {
      name: 'gateway-apart',
      comment: 'The gateway knows subgraphs by their schema, never by their code.',
      severity: 'error',
      from: { path: '^gateway/' },
      to: { path: '^subgraphs/' },
    },
    {
      name: 'subgraphs-below-gateway',
      comment: 'A subgraph must run, and be tested, without the gateway.',
      severity: 'error',
      from: { path: '^subgraphs/' },
      to: { path: '^gateway/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'Rules of the domain stay free of I/O and vendors, so that they outlive both.',
      severity: 'error',
      from: { path: '^subgraphs/[^/]+/src/domain/', pathNot: '\\.(test|contract)\\.ts$' },
      to: {
        pathNot: [
          '^subgraphs/[^/]+/src/domain/',
          '^packages/(errors|tenancy|streams|gedcom|authz|events)/',
          // Types alone: the stores' ports are declared with the stores.
          '^packages/persistence/',
          '^node_modules/(ulid|fast-check|vitest)/',
          '^node:crypto$',
          '^crypto$',
        ],
      },
    },
    {
      name: 'resolvers-delegate',
      comment: 'Resolvers translate and delegate; what touches data lives behind a domain port.',
      severity: 'error',
      from: { path: '^subgraphs/[^/]+/src/resolvers/' },
      to: {
        path: [
          '^subgraphs/[^/]+/src/(data|workers)/',
          '^packages/postgres/',
          '^node_modules/(kysely|pg|@aws-sdk)/',
        ],
      },
    },
    {
      name: 'vendor-sdk-in-its-backend',
      comment: 'An SDK that leaks out of its backend makes the backend impossible to replace.',
      severity: 'error',
      from: {
        pathNot: [
          '^packages/(events|embedded|testkit)/',
          '^packages/persistence/src/backends/',
          '^subgraphs/[^/]+/src/(data/|main\\.ts)',
          '\\.test\\.ts$',
          // Benchmarks measure against it.
          '^bench/',
        ],
      },
      to: { path: '^node_modules/@aws-sdk/' },
    },
    ...vendorRules,
    {
      name: 'postgres-driver-in-its-package',
      comment: 'The driver is opened in one place, where row-level security is bound.',
      severity: 'error',
      from: {
        pathNot: ['^packages/(postgres|embedded|testkit)/', '\\.test\\.ts$', '^(test|bench)/'],
      },
      to: { path: '^node_modules/pg/' },
    },
    {
      name: 'through-the-front-door',
      comment: 'A workspace is entered through its exports; everything else may change freely.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|subgraphs/[^/]+|gateway)/' },
      to: {
        path: '^(packages/[^/]+|subgraphs/[^/]+|gateway)/src/',
        pathNot: [
          '^$1/',
          '/src/(index|app|config|migrations|contract/index|testing/(rigs|matrix)|rights-key)[.]ts$',
        ],
      },
    },
    {
      name: 'tests-stay-tests',
      comment: 'Code that ships must not reach for test code.',
      severity: 'error',
      from: {
        pathNot: [
          '\\.(test|contract)\\.ts$',
          '/src/testing/',
          '^packages/testkit/',
          '^(test|bench)/',
          '/(contract|testing)/',
        ],
      },
      to: {
        path: [
          '^packages/testkit/',
          '\\.test\\.ts$',
          '/src/testing/',
          '^node_modules/(vitest|fast-check)/',
        ],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|/generated/)' },
    parser: 'swc',
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
    },
  },
}
