import { Pencil } from 'lucide-react'
import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextAreaField, TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { differences, readAssignments, writeAssignments } from '@/lib/assignments'
import { fieldMessages } from '@/lib/problem'
import { toast } from '@/lib/toasts'

import { useUpdateInstance } from './queries'

/** Where people say what an instance is for. */
export function DetailsButton({ instance }: { instance: Schema<'Instance'> }) {
  const [editing, setEditing] = useState(false)
  return (
    <>
      <Button size="sm" onClick={() => setEditing(true)}>
        <Pencil aria-hidden />
        Describe
      </Button>
      {editing && <DetailsDialog instance={instance} onClose={() => setEditing(false)} />}
    </>
  )
}

function DetailsDialog({ instance, onClose }: { instance: Schema<'Instance'>; onClose: () => void }) {
  const [has] = useState(instance) // what was said when the user began
  const [name, setName] = useState(has.display_name ?? '')
  const [description, setDescription] = useState(has.description ?? '')
  const [tags, setTags] = useState(() => writeAssignments(has.tags))
  const [monitored, setMonitored] = useState(has.monitored)
  const update = useUpdateInstance(has.name)
  const { values, problem } = readAssignments(tags)
  const answered = fieldMessages(update.error)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (problem !== undefined || update.isPending) return
    const body = { display_name: name, description, tags: differences(has.tags, values), monitored }
    update.mutate(
      { body },
      {
        onSuccess: () => {
          toast(`${has.name} is described`)
          onClose()
        },
      },
    )
  }
  return (
    <Dialog title={`Describe ${has.name}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <TextField
          label="Display name"
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={answered.display_name}
        />
        <TextAreaField
          label="Description"
          rows={3}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          error={answered.description}
        />
        <TextAreaField
          label="Tags"
          rows={3}
          spellCheck={false}
          placeholder="team = shop"
          hint="One “name = value” a line."
          value={tags}
          onChange={(event) => setTags(event.target.value)}
          error={problem ?? answered.tags}
        />
        <label className="mb-3 flex items-center gap-2">
          <input
            type="checkbox"
            checked={monitored}
            onChange={(event) => setMonitored(event.target.checked)}
          />
          Watch its health
        </label>
        {update.isError && <ErrorAlert error={update.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={problem !== undefined} pending={update.isPending}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
