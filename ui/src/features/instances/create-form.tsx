import { useEffect, useRef, useState, type SubmitEvent } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import type { Schema } from '@/lib/api'
import { newUUID } from '@/lib/browser'
import { ApiError } from '@/lib/problem'

import { DetailsFields, ImageFields, NameFields, ReachFields, SizeFields } from './create-fields'
import { CreatePreview } from './create-preview'
import { checkDraft, messagesOf, newDraft, requestOf, type Draft } from './draft'
import { rangeOf } from './name-pattern'
import { useCreateInstance, useCreateInstances } from './queries'
import { useCreatePlan } from './use-create-plan'

interface Props {
  offer: Schema<'Offer'>
  /** What can be run instead of the stock image. */
  images: Schema<'RuntimeImage'>[]
  onCreated: (operation: Schema<'Operation'>) => void
  /** When the name stands for many. */
  onCreatedMany: (batch: Schema<'Batch'>) => void
  onCancel: () => void
}

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
  const request = requestOf(draft, offer)
  const many = rangeOf(request.name)
  const create = many ? createMany : createOne

  // After each refusal, once its messages are on the page, the first field to mend gets the focus.
  useEffect(() => {
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [refusals])

  const broken = checkDraft(draft, offer)
  const sound = Object.keys(broken).length === 0
  // What is being made is not tried any more: its name is in use by then.
  const tried = useCreatePlan(sound && !create.isPending && !create.isSuccess ? request : undefined)
  // A rule is shown once the user has been at the field, the server's word until the field changes.
  const errorOf = (field: string) =>
    messageFor(field, answered) ??
    (touched.has(field) ? broken[field] : undefined) ??
    messageFor(field, tried.messages)

  const change = (next: Partial<Draft>, ...fields: string[]) => {
    key.current = newUUID()
    setDraft({ ...draft, ...next })
    setTouched(new Set([...touched, ...fields]))
    const same = ([field]: [string, string]) => !fields.includes(field.split('.')[0] ?? field)
    setAnswered(Object.fromEntries(Object.entries(answered).filter(same)))
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (create.isPending) return
    setTouched(new Set(Object.keys(broken)))
    if (!sound) {
      setRefusals((n) => n + 1)
      return
    }
    const asked = { body: request, key: key.current }
    const onError = (error: unknown) => {
      // The same key repeats the same request only if no answer came.
      if (error instanceof ApiError && error.problem.status !== 0) key.current = newUUID()
      setAnswered(messagesOf(error))
      setRefusals((n) => n + 1)
    }
    if (many) createMany.mutate(asked, { onSuccess: onCreatedMany, onError })
    else createOne.mutate(asked, { onSuccess: onCreated, onError })
  }

  if (offer.versions.length === 0) {
    return (
      <Alert title="No PostgreSQL installation was found">
        The provider “{offer.provider}” offers no version. Whoever runs this server has to install one.
      </Alert>
    )
  }
  const fields = { draft, offer, change, errorOf }
  return (
    <form
      ref={form}
      onSubmit={submit}
      noValidate
      className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]"
    >
      <div className="flex flex-col gap-5 rounded-xl border bg-surface p-4 shadow-card sm:p-6">
        <NameFields {...fields} />
        <ImageFields {...fields} images={images} />
        <SizeFields {...fields} />
        <ReachFields {...fields} />
        <DetailsFields {...fields} />
      </div>
      {/* Before the buttons, so that whoever comes from above on a phone has read it. */}
      <div className="lg:sticky lg:top-20 lg:col-start-2 lg:row-span-2 lg:row-start-1">
        <CreatePreview
          many={many}
          plan={tried.plan}
          error={tried.error ?? null}
          isChecking={tried.isChecking}
        />
      </div>
      <div className="flex flex-col gap-4">
        {create.isError && <ErrorAlert error={create.error} />}
        <div className="flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">
          <Button onClick={onCancel} disabled={create.isPending}>
            Cancel
          </Button>
          <Button type="submit" look="primary" pending={create.isPending}>
            {many && many.count > 0 ? `Create ${many.count} instances` : 'Create instance'}
          </Button>
        </div>
      </div>
    </form>
  )
}

// The message for a field, or for a part of it, which is named.
function messageFor(field: string, messages: Record<string, string>): string | undefined {
  if (messages[field] !== undefined) return messages[field]
  const part = Object.keys(messages).find((name) => name.startsWith(`${field}.`))
  return part && `${part.slice(field.length + 1)} ${messages[part]}`
}
