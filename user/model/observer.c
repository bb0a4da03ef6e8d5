// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Telling the observers. */
#include "model/apply.h"

void model_observe(struct model *model, const struct observer *observer, void *context)
{
	size_t number = model->observer_count++;

	model->observers[number].observer = observer;
	model->observers[number].context = context;
}

void tell_transition(const struct model *model, const struct transition *transition)
{
	for (size_t i = 0; i < model->observer_count; i++)
		if (model->observers[i].observer->transition)
			model->observers[i].observer->transition(model->observers[i].context,
								 transition);
}

void tell_minisocket(const struct model *model, struct connection *connection,
		     enum minisocket_event event, uint64_t time_ns)
{
	for (size_t i = 0; i < model->observer_count; i++)
		if (model->observers[i].observer->minisocket)
			model->observers[i].observer->minisocket(model->observers[i].context,
								 connection, event, time_ns);
}

void tell_failure(const struct model *model, const struct transition *transition)
{
	for (size_t i = 0; i < model->observer_count; i++)
		if (model->observers[i].observer->failure)
			model->observers[i].observer->failure(model->observers[i].context,
							      transition);
}

void tell_listed(const struct model *model, enum listing_scope scope)
{
	for (size_t i = 0; i < model->observer_count; i++)
		if (model->observers[i].observer->listed)
			model->observers[i].observer->listed(model->observers[i].context, scope);
}

void tell_counters(const struct model *model, const struct record_counters *counters)
{
	for (size_t i = 0; i < model->observer_count; i++)
		if (model->observers[i].observer->counters)
			model->observers[i].observer->counters(model->observers[i].context,
							       counters);
}

void tell_namespace(const struct model *model, const struct record_namespace *record)
{
	for (size_t i = 0; i < model->observer_count; i++)
		if (model->observers[i].observer->namespaces)
			model->observers[i].observer->namespaces(model->observers[i].context,
								 record);
}

void tell_loss(const struct model *model, uint64_t time_ns, const struct losses *losses)
{
	for (size_t i = 0; i < model->observer_count; i++)
		if (model->observers[i].observer->loss)
			model->observers[i].observer->loss(model->observers[i].context, time_ns,
							   losses);
}
