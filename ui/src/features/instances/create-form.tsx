import { useEffect, useRef, useState, type SubmitEvent } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { ChoiceField, SelectField, TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { newUUID } from '@/lib/browser'
import { ApiError, fieldMessages } from '@/lib/problem'

import { checkDraft, newDraft, requestOf, type Draft } from './draft'
import { rangeOf } from './name-pattern'
import { useCreateInstance, useCreateInstances } from './queries'
import { sizesOf } from './sizes'

type Offer = Schema<'Offer'>

interface Props {
  offer: Offer
  /** What can be run instead of the stock image. */
  images: Schema<'RuntimeImage'>[]
  onCreated: (operation: Schema<'Operation'>) => void
  /** When the name stands for many. */
  onCreatedMany: (batch: Schema<'Batch'>) => void
  onCancel: () => void
}

const imageTypes: Record<Schema<'ImageType'>, { title: string; detail: string }> = {
  stock: { title: 'Stock', detail: 'PostgreSQL as it is released' },
  pg_durable: { title: 'pg_durable', detail: 'With durable functions built in' },
}

const stockOnly: Schema<'ImageType'>[] = ['stock']

/** Everything that a new instance needs, on one screen; only the name has no default. */
export function CreateForm({ offer, images, onCreated, onCreatedMany, onCancel }: Props) {
  const [draft, setDraft] = useState(() => newDraft(offer))
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [answered, setAnswered] = useState<Record<string, string>>({})
  const [refusals, setRefusals] = useState(0)
  const form = useRef<HTMLFormElement>(null)
  const key = useRef(newUUID())
  const createOne = useCreateInstance()
  const createMany = useCreateInstances()
  const many = rangeOf(draft.name)
  const create = many ? createMany : createOne

  // After each refusal, once its messages are on the page, the first field to mend gets the focus.
  useEffect(() => {
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [refusals])

  const broken = checkDraft(draft, offer)
  // A rule is shown once the user has been at the field, the server's word until the field changes.
  const errorOf = (field: string) => answered[field] ?? (touched.has(field) ? broken[field] : undefined)

  const change = (next: Partial<Draft>, ...fields: string[]) => {
    key.current = newUUID()
    setDraft({ ...draft, ...next })
    setTouched(new Set([...touched, ...fields]))
    setAnswered(Object.fromEntries(Object.entries(answered).filter(([field]) => !fields.includes(field))))
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (create.isPending) return
    setTouched(new Set(Object.keys(broken)))
    if (Object.keys(broken).length > 0) {
      setRefusals((n) => n + 1)
      return
    }
    const request = { body: requestOf(draft, offer), key: key.current }
    const onError = (error: unknown) => {
      // The same key repeats the same request only if no answer came.
      if (error instanceof ApiError && error.problem.status !== 0) key.current = newUUID()
      // Of many, all are asked for by the first and only entry.
      const fields = Object.entries(fieldMessages(error)).map(([field, message]) => [
        field.replace(/^instances\.0\./, ''),
        message,
      ])
      setAnswered(Object.fromEntries(fields) as Record<string, string>)
      setRefusals((n) => n + 1)
    }
    if (many) createMany.mutate(request, { onSuccess: onCreatedMany, onError })
    else createOne.mutate(request, { onSuccess: onCreated, onError })
  }

  if (offer.versions.length === 0) {
    return (
      <Alert title="No PostgreSQL installation was found">
        The provider “{offer.provider}” offers no version. Whoever runs this server has to install one.
      </Alert>
    )
  }
  const sizes = sizesOf(offer)
  return (
    <form ref={form} onSubmit={submit} noValidate className="flex flex-col gap-5">
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
      <div>
        <ChoiceField
          label="Size"
          name="size"
          value={draft.size}
          choices={[
            ...sizes.map((s) => ({ value: s.key, ...s })),
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
      {create.isError && <ErrorAlert error={create.error} />}
      <div className="flex flex-col-reverse gap-2 border-t pt-5 sm:flex-row sm:justify-end">
        <Button onClick={onCancel} disabled={create.isPending}>
          Cancel
        </Button>
        <Button type="submit" look="primary" pending={create.isPending}>
          {many && many.count > 0 ? `Create ${many.count} instances` : 'Create instance'}
        </Button>
      </div>
    </form>
  )
}
