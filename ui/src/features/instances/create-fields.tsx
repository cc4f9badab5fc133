import { ChoiceField, SelectField, TextAreaField, TextField } from '@/components/field'
import type { Schema } from '@/lib/api'

import type { Draft } from './draft'
import { rangeOf } from './name-pattern'
import { sizesOf } from './sizes'

/** What every part of the form of a new instance needs. */
export interface FieldsProps {
  draft: Draft
  offer: Schema<'Offer'>
  /** Changes the draft by a field of the request. */
  change: (next: Partial<Draft>, ...fields: string[]) => void
  errorOf: (field: string) => string | undefined
}

/** What it is called, and how many. */
export function NameFields({ draft, change, errorOf }: FieldsProps) {
  const range = rangeOf(draft.name)
  return (
    <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_8rem]">
      <TextField
        label="Name"
        hint="Lower-case letters, digits and hyphens; up to 40 characters. A range such as load-{001..100} makes many."
        placeholder="my-database"
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        name="name"
        value={draft.name}
        onChange={(event) => change({ name: event.target.value }, 'name')}
        error={errorOf('name')}
      />
      <TextField
        label="How many"
        inputMode="numeric"
        autoComplete="off"
        name="count"
        disabled={range !== undefined}
        value={range ? String(Math.max(range.count, 0)) : draft.count}
        onChange={(event) => change({ count: event.target.value }, 'count', 'name')}
        error={range ? undefined : errorOf('count')}
      />
    </div>
  )
}

/** The processor, memory and storage. */
export function SizeFields({ draft, offer, change, errorOf }: FieldsProps) {
  return (
    <>
      <div>
        <ChoiceField
          label="Size"
          name="size"
          value={draft.size}
          choices={[
            ...sizesOf(offer).map((s) => ({ value: s.key, ...s })),
            { value: 'custom', title: 'Custom', detail: 'You choose' },
          ]}
          onChange={(size) => change({ size }, 'cpu_millis', 'memory_mib')}
          error={draft.size === 'custom' ? undefined : (errorOf('cpu_millis') ?? errorOf('memory_mib'))}
        />
        {draft.size === 'custom' && (
          <div className="mt-3 grid gap-3 sm:grid-cols-2">
            <TextField
              label="CPU"
              unit="CPU"
              inputMode="decimal"
              name="cpu_millis"
              value={draft.cpu}
              onChange={(event) => change({ cpu: event.target.value }, 'cpu_millis')}
              error={errorOf('cpu_millis')}
            />
            <TextField
              label="Memory"
              unit="MiB"
              inputMode="numeric"
              name="memory_mib"
              value={draft.memory}
              onChange={(event) => change({ memory: event.target.value }, 'memory_mib')}
              error={errorOf('memory_mib')}
            />
          </div>
        )}
      </div>
      <TextField
        label="Storage"
        unit="GiB"
        inputMode="numeric"
        name="storage_gib"
        className="sm:w-1/2"
        hint={`From ${offer.storage_gib.min} to ${offer.storage_gib.max} GiB.`}
        value={draft.storage}
        onChange={(event) => change({ storage: event.target.value }, 'storage_gib')}
        error={errorOf('storage_gib')}
      />
    </>
  )
}

const imageTypes: Record<Schema<'ImageType'>, { title: string; detail: string }> = {
  stock: { title: 'Stock', detail: 'PostgreSQL as it is released' },
  pg_durable: { title: 'pg_durable', detail: 'With durable functions built in' },
}

const stockOnly: Schema<'ImageType'>[] = ['stock']

interface ImageProps extends FieldsProps {
  /** What can be run instead of the stock image. */
  images: Schema<'RuntimeImage'>[]
}

/** Which PostgreSQL runs. A runtime image is always stock. */
export function ImageFields({ draft, offer, images, change, errorOf }: ImageProps) {
  return (
    <>
      <ChoiceField
        label="PostgreSQL version"
        name="version"
        value={String(draft.version)}
        choices={offer.versions.map((version) => ({
          value: String(version),
          title: String(version),
          detail: version === offer.default_version ? 'Default' : '',
        }))}
        onChange={(value) => change({ version: Number(value) }, 'version')}
        error={errorOf('version')}
      />
      {offer.runtime_registry && images.length > 0 && (
        <SelectField
          label="Runtime image"
          hint={images.find(({ name }) => name === draft.runtimeImage)?.description}
          name="runtime_image"
          value={draft.runtimeImage}
          choices={[
            { value: '', title: 'None: the image that comes with the version' },
            ...images.map(({ name }) => ({ value: name, title: name })),
          ]}
          onChange={(runtimeImage) => change({ runtimeImage }, 'runtime_image', 'image_type')}
          error={errorOf('runtime_image')}
        />
      )}
      {(offer.image_types.length > 1 || draft.runtimeImage) && (
        <ChoiceField
          label="Image type"
          name="image_type"
          columns="sm:grid-cols-2"
          value={draft.runtimeImage ? 'stock' : draft.imageType}
          hint={draft.runtimeImage && 'A runtime image is always stock.'}
          choices={(draft.runtimeImage ? stockOnly : offer.image_types).map((type) => ({
            value: type,
            ...imageTypes[type],
          }))}
          onChange={(imageType) => change({ imageType }, 'image_type')}
          error={errorOf('image_type')}
        />
      )}
    </>
  )
}

/** Who can connect. */
export function ReachFields({ draft, offer, change, errorOf }: FieldsProps) {
  return (
    <>
      {offer.public && (
        <ChoiceField
          label="Reachable"
          name="public"
          columns="sm:grid-cols-2"
          value={draft.reach}
          choices={[
            { value: 'internal', title: 'Internally', detail: 'Where instances live' },
            { value: 'public', title: 'Publicly', detail: 'By a public address' },
          ]}
          onChange={(reach) => change({ reach }, 'public')}
          error={errorOf('public')}
        />
      )}
      <TextField
        label="Allowed networks"
        hint="From where clients may come, such as 203.0.113.0/24. Empty: from wherever it can be reached."
        autoComplete="off"
        spellCheck={false}
        name="allowed_cidrs"
        value={draft.allowed}
        onChange={(event) => change({ allowed: event.target.value }, 'allowed_cidrs')}
        error={errorOf('allowed_cidrs')}
      />
    </>
  )
}

/** What people say of it, what is set of its server, and whether it may be deleted. */
export function DetailsFields({ draft, change, errorOf }: FieldsProps) {
  return (
    <>
      <div className="grid gap-3 sm:grid-cols-2">
        <TextAreaField
          label="Description"
          rows={2}
          name="description"
          value={draft.description}
          onChange={(event) => change({ description: event.target.value }, 'description')}
          error={errorOf('description')}
        />
        <TextAreaField
          label="Tags"
          rows={2}
          name="tags"
          spellCheck={false}
          placeholder="team = shop"
          hint="One “name = value” a line."
          value={draft.tags}
          onChange={(event) => change({ tags: event.target.value }, 'tags')}
          error={errorOf('tags')}
        />
      </div>
      <TextAreaField
        label="PostgreSQL parameters"
        rows={2}
        name="parameters"
        spellCheck={false}
        placeholder="work_mem = 64MB"
        hint="One “name = value” a line. They are stored in clear: no place for secrets."
        value={draft.parameters}
        onChange={(event) => change({ parameters: event.target.value }, 'parameters')}
        error={errorOf('parameters')}
      />
      <label className="flex items-center gap-2">
        <input
          type="checkbox"
          checked={draft.protect}
          onChange={(event) => change({ protect: event.target.checked }, 'deletion_protection')}
        />
        Protect against deletion
      </label>
    </>
  )
}
