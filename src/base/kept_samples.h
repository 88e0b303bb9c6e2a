/*
 * kept_samples.h
 *		Measurements that take long, kept for a while: by database in shared memory, or in
 *		this backend where there is none.
 */
#ifndef PGT_KEPT_SAMPLES_H
#define PGT_KEPT_SAMPLES_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#define KEPT_SAMPLES_MAX 128
#define KEPT_NAME_MAX 64

typedef struct KeptSample
{
	char metric[KEPT_NAME_MAX];
	char label[KEPT_NAME_MAX]; /* value of its only label */
	double value;
} KeptSample;

typedef struct KeptSamples
{
	TimestampTz at; /* when they were taken; 0: never */
	int n;
	KeptSample sample[KEPT_SAMPLES_MAX];
} KeptSamples;

/* a copy; false: there are none that are this young */
extern bool kept_samples_get(int seconds, KeptSamples *samples);

extern void kept_samples_put(const KeptSamples *samples);

#endif /* PGT_KEPT_SAMPLES_H */
