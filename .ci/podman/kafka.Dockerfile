# Kafka as the official image has it, for .ci/containers, which gives it the jars.
ARG DEBIAN
FROM ${DEBIAN}
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/*
COPY libs /opt/kafka/libs
COPY --chmod=0755 start /opt/kafka/start
WORKDIR /opt/kafka
USER 1000:1000
EXPOSE 9092
ENTRYPOINT ["/opt/kafka/start"]
