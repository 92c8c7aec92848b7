package io.sparse24.llm;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * What a step's line in the log says.
 *
 * @param step from 1
 * @param loss mean of the step's tokens before it, nats
 * @param lr learning rate
 * @param gradientNorm before it was clipped
 * @param validationLoss of the held-out text after it, nats; null where it was not computed
 * @param tokens trained on until now
 * @param tokensPerSecond of this step
 * @param milliseconds of this step, where they went
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TrainRecord(
    int step,
    double loss,
    float lr,
    double gradientNorm,
    @Nullable Double validationLoss,
    long tokens,
    double tokensPerSecond,
    StepTimes milliseconds) {}
