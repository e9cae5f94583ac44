import { AppError } from '@heirloom/errors'

// Plain records with methods for fields that take arguments or fail. The subgraphs and the
// monolith that they are compared with resolve the same records with graphql-js' own resolver.

export interface ShopRecord {
  readonly __typename: string
  readonly id: string
  [field: string]: unknown
}

export class ShopData {
  readonly #records = new Map<string, ShopRecord>()

  constructor() {
    this.reset()
  }

  /** As it was in the beginning, whatever mutations have done since. */
  reset(): void {
    this.#records.clear()
    for (const id of ['1', '2', '3']) this.#add(this.#user(id))
    for (const id of ['1', '2']) this.#add({ __typename: 'Brand', id: `b${id}`, country: `C${id}` })
    for (const id of ['1', '2'])
      this.#add({ __typename: 'Warehouse', id: `w${id}`, city: `W "${id}"` })
    for (const id of ['1', '2', '3', '4']) this.#add(this.#product(id))
    for (const id of ['1', '2']) this.#add(this.#media('Book', `k${id}`))
    for (const id of ['1', '2']) this.#add(this.#media('Film', `f${id}`))
    for (let id = 1; id <= 6; id += 1) this.#add(this.#review(id))
  }

  get(typename: string, id: unknown): ShopRecord | null {
    return this.#records.get(`${typename}:${String(id)}`) ?? null
  }

  all(...typenames: readonly string[]): readonly ShopRecord[] {
    return [...this.#records.values()].filter(({ __typename }) => typenames.includes(__typename))
  }

  node(id: unknown): ShopRecord | null {
    return [...this.#records.values()].find((record) => record.id === id) ?? null
  }

  #add(record: ShopRecord): void {
    this.#records.set(`${record.__typename}:${record.id}`, record)
  }

  #user(id: string): ShopRecord {
    return {
      __typename: 'User',
      id: `u${id}`,
      email: `u${id}@example.org`,
      name: id === '3' ? null : `Name ${id} é\n`,
      age: id === '2' ? null : Number(id) * 20,
      address: id === '1' ? null : { street: `Street ${id}`, geo: { lat: 1.5, lon: -Number(id) } },
      friends: () =>
        id === '1' ? [this.get('User', 'u2'), this.get('User', 'u3')] : [this.get('User', 'u1')],
      moody: () => {
        if (id === '2') throw new AppError('FORBIDDEN', 'u2 does not say')
        return `fine ${id}`
      },
      reviews: () =>
        this.all('Review').filter(({ author }) => author === this.get('User', `u${id}`)),
    }
  }

  #product(id: string): ShopRecord {
    const number = Number(id)
    const fails = (value: unknown) => () => {
      if (id === '2') throw new AppError('CONFLICT', `product ${id} is broken`)
      return value
    }
    return {
      __typename: 'Product',
      id: `p${id}`,
      sku: `sku-${id}`,
      brand: this.get('Brand', number % 2 === 0 ? 'b2' : 'b1'),
      name: `Product ${id}`,
      kind: ['BOOK', 'FILM', 'TOY', null][number - 1],
      size: id === '4' ? null : { weight: number * 10, unit: id === '1' ? 'KG' : 'LB' },
      price: ({ currency }: { currency: string }) => number * (currency === 'USD' ? 2 : 1),
      tags: id === '3' ? null : [[`a${id}`], [], ['b', 'c']],
      matrix: () => [[this.get('Product', 'p1'), null], null, [this.get('Product', `p${id}`)]],
      related: () =>
        id === '4' ? null : [this.get('Product', 'p1'), null, this.get('Product', 'p2')],
      anything: { free: ['form', number] },
      reviews: ({ min }: { min: number }) =>
        this.all('Review').filter(
          (review) => review['of'] === `p${id}` && Number(review['stars']) >= min,
        ),
      broken: fails(`whole ${id}`),
      brokenRequired: fails(`whole ${id}`),
      brokenReviews: fails([]),
      inStock: number * 100,
      shipping(
        this: { size?: { weight: number; unit: string } | null },
        args: { express: boolean },
      ) {
        if (this.size === null || this.size === undefined) return null
        return `${this.size.weight}${this.size.unit}${args.express ? '!' : ''}`
      },
      cost(this: ShopRecord) {
        const { price } = this
        const usd: unknown =
          typeof price === 'function'
            ? (price as (args: object) => unknown)({ currency: 'USD' })
            : price
        return Number(usd) / 4
      },
      label(this: ShopRecord) {
        return `${String(this['name'])}/${JSON.stringify(this['tags'])}`
      },
      warehouses: () => [[this.get('Warehouse', 'w1')], [null, this.get('Warehouse', 'w2')]],
    }
  }

  #media(typename: 'Book' | 'Film', id: string): ShopRecord {
    return {
      __typename: typename,
      id,
      title: `Title of ${id}`,
      pages: id.length * 100,
      minutes: id.length * 45,
      by: () => this.get('User', 'u1'),
      rating: id.endsWith('2') ? null : 5,
      mediaReviews: () => this.all('Review').slice(0, 2),
    }
  }

  #review(id: number): ShopRecord {
    return {
      __typename: 'Review',
      id: `r${id}`,
      body: `Body ${id}`,
      stars: id % 5,
      of: `p${(id % 3) + 1}`,
      author: id === 5 ? null : this.get('User', `u${(id % 3) + 1}`),
      product: () => this.get('Product', `p${(id % 3) + 1}`),
      about: () => (id % 2 === 0 ? this.get('Product', 'p1') : this.get('Review', 'r2')),
    }
  }
}
