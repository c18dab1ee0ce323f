import { describe, expect, it } from 'vitest';
import {
  type Adaptor,
  defineAdaptor,
  type Gateway,
  type ResourceManager,
} from '../../src/adaptor/adaptor.ts';
import {
  availableAdaptors,
  findAdaptor,
  findAdaptors,
  registerAdaptor,
} from '../../src/adaptor/registry.ts';

const adaptor = (scheme: string): Adaptor =>
  defineAdaptor({ scheme, attributes: [], connect: async () => ({}) as ResourceManager });

describe('findAdaptor', () => {
  const nowhere = async () => undefined;

  it('knows local:// and what is registered', async () => {
    expect((await findAdaptor('local')).scheme).toBe('local');
    const mine = adaptor('mine');
    registerAdaptor(mine);
    expect(availableAdaptors()).toContain(mine);
    expect(await findAdaptor('mine')).toBe(mine);
  });

  it('prefers what is passed in', async () => {
    const own = adaptor('local');
    expect(await findAdaptor('local', [own])).toBe(own);
  });

  it('takes slurm for slurm+ssh, unless one has that very name', async () => {
    const slurm = adaptor('slurm');
    const special = adaptor('slurm+ssh');
    expect(await findAdaptor('slurm+ssh', [slurm])).toBe(slurm);
    expect(await findAdaptor('slurm+ssh', [slurm, special])).toBe(special);
  });

  it('looks for packages by name, in order', async () => {
    const asked: string[] = [];
    const found = await findAdaptor('foo', [], async (name) => {
      asked.push(name);
      return name.startsWith('pstar-') ? { version: 1, fooAdaptor: adaptor('foo') } : undefined;
    });
    expect(asked).toEqual(['@pstar/adaptor-foo', 'pstar-adaptor-foo']);
    expect(found.scheme).toBe('foo');
  });

  it('takes of a package the adaptor of that scheme', async () => {
    const module = { a: adaptor('foo'), b: adaptor('foo2') };
    const only = (wanted: string) => async (name: string) => (name === wanted ? module : undefined);
    expect(await findAdaptor('foo', [], only('@pstar/adaptor-foo'))).toBe(module.a);
    expect(await findAdaptor('foo2', [], only('@pstar/adaptor-foo'))).toBe(module.b);
    // Not the next best one.
    await expect(findAdaptor('foo3', [], only('pstar-adaptor-foo'))).rejects.toMatchObject({
      code: 'ADAPTOR_INCOMPATIBLE',
      message: expect.stringContaining('foo3://'),
    });
  });

  it('says what it has looked for', async () => {
    await expect(findAdaptor('foo', [], nowhere)).rejects.toMatchObject({
      code: 'ADAPTOR_NOT_FOUND',
      message:
        'there is no adaptor for this scheme (foo://); ' +
        'install @pstar/adaptor-foo or pstar-adaptor-foo, or pass it to open({ adaptors })',
    });
    // The real search, of packages that are not installed.
    await expect(findAdaptor('nobody-has-this')).rejects.toMatchObject({
      code: 'ADAPTOR_NOT_FOUND',
    });
  });

  it('says by which scheme Grid Engine is served', async () => {
    await expect(findAdaptor('gridengine+ssh', [], nowhere)).rejects.toMatchObject({
      code: 'ADAPTOR_NOT_FOUND',
      hint: 'write drmaa+ssh://, which @pstar/adaptor-drmaa serves',
    });
  });

  it('refuses an adaptor for another contract, naming both', async () => {
    const old = { ...adaptor('old'), contract: 0 };
    await expect(findAdaptor('old', [old])).rejects.toMatchObject({
      code: 'ADAPTOR_INCOMPATIBLE',
      problem: 'the adaptor is written for contract 0, and this is 1',
    });
    expect(() => registerAdaptor(old)).toThrow('contract 0');
  });

  it('refuses a package without an adaptor', async () => {
    await expect(findAdaptor('foo', [], async () => ({ nothing: 1 }))).rejects.toMatchObject({
      code: 'ADAPTOR_INCOMPATIBLE',
      subject: '@pstar/adaptor-foo',
    });
  });
});

describe('findAdaptors', () => {
  const nowhere = async () => undefined;
  const slurm = { ...adaptor('slurm'), transports: ['http'] };
  const way: Adaptor = { ...adaptor('ssh'), openGateway: async () => ({}) as Gateway };

  it('gives slurm:// and slurm+http:// to slurm alone', async () => {
    expect(await findAdaptors('slurm', [slurm, way], nowhere)).toEqual({ adaptor: slurm });
    expect(await findAdaptors('slurm+http', [slurm, way], nowhere)).toEqual({ adaptor: slurm });
  });

  it('gives slurm+ssh:// to slurm behind the gateway of ssh', async () => {
    const found = await findAdaptors('slurm+ssh', [slurm, way], nowhere);
    expect(found).toEqual({ adaptor: slurm, gateway: way });
  });

  it('gives an adaptor of that very name all of it', async () => {
    const special = adaptor('slurm+ssh');
    const found = await findAdaptors('slurm+ssh', [slurm, way, special], nowhere);
    expect(found).toEqual({ adaptor: special });
  });

  it('says which package has the gateway', async () => {
    await expect(findAdaptors('slurm+ssh', [slurm], nowhere)).rejects.toMatchObject({
      code: 'ADAPTOR_NOT_FOUND',
      subject: 'ssh://',
      hint: expect.stringContaining('@pstar/adaptor-ssh'),
    });
  });

  it('puts nothing behind a gateway that goes its own way', async () => {
    const found = findAdaptors('ssh+far', [way, { ...way, scheme: 'far' }], nowhere);
    await expect(found).rejects.toMatchObject({
      code: 'ADAPTOR_NOT_FOUND',
      problem: 'ssh:// goes its own way to its hosts',
      hint: 'write ssh://',
    });
  });

  it('takes no adaptor for a gateway that is none', async () => {
    const found = findAdaptors('slurm+pbs', [slurm, adaptor('pbs')], nowhere);
    await expect(found).rejects.toMatchObject({
      code: 'ADAPTOR_NOT_FOUND',
      problem: 'pbs:// is no way to other resource managers',
    });
  });

  it('knows the two of them in the wrong order', async () => {
    const found = findAdaptors('ssh+slurm', [slurm, way], nowhere);
    await expect(found).rejects.toMatchObject({ hint: 'write slurm+ssh://login.example/' });
  });
});
