import { useQuery } from '@tanstack/react-query'
import { Scaling } from 'lucide-react'
import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import type { Schema } from '@/lib/api'

import { PlanPreview } from './plan-preview'
import { offerQuery } from './queries'
import { checkResize, resizeRequest, sizeDraft } from './resize'
import { canResize } from './state'
import { usePlannedUpdate } from './use-planned-update'

interface Props {
  instance: Schema<'Instance'>
  onStarted: (operation: Schema<'Operation'>) => void
}

/** Where an instance gets another size. */
export function ResizeButton({ instance, onStarted }: Props) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button
        size="sm"
        disabled={!canResize(instance.state)}
        pending={instance.state === 'updating'}
        onClick={() => setAsking(true)}
      >
        <Scaling aria-hidden />
        Resize
      </Button>
      {asking && <ResizeDialog instance={instance} onStarted={onStarted} onClose={() => setAsking(false)} />}
    </>
  )
}

function ResizeDialog({ instance, onStarted, onClose }: Props & { onClose: () => void }) {
  const [has] = useState(instance) // what the numbers were when the user began
  const [draft, setDraft] = useState(() => sizeDraft(instance))
  const offer = useQuery(offerQuery)

  const broken = offer.data ? checkResize(draft, has, offer.data) : {}
  const request = resizeRequest(draft, has)
  const asks = Object.keys(broken).length === 0 && Object.keys(request).length > 0
  const resize = usePlannedUpdate(has.name, asks ? request : undefined)
  const field = (name: string, key: keyof typeof draft) => ({
    name,
    value: draft[key],
    autoComplete: 'off',
    onChange: (event: { target: { value: string } }) => setDraft({ ...draft, [key]: event.target.value }),
    error: broken[name] ?? resize.messages[name],
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    resize.apply((operation) => {
      if (operation) onStarted(operation)
      onClose()
    })
  }
  return (
    <Dialog title={`Resize ${instance.name}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <div className="grid gap-x-3 sm:grid-cols-2">
          <TextField label="CPU" unit="CPU" inputMode="decimal" {...field('cpu_millis', 'cpu')} />
          <TextField label="Memory" unit="MiB" inputMode="numeric" {...field('memory_mib', 'memory')} />
          <TextField
            label="Storage"
            unit="GiB"
            inputMode="numeric"
            hint="It can grow and not shrink."
            {...field('storage_gib', 'storage')}
          />
        </div>
        <PlanPreview plan={resize.plan} asking={asks && !resize.error} />
        {offer.isError && <ErrorAlert error={offer.error} />}
        {resize.error && <ErrorAlert error={resize.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!resize.ready} pending={resize.pending}>
            Resize instance
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
