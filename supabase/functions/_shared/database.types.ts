// Written by `lamina db types` from the migrated database. Do not edit.

export type Json = string | number | boolean | null | {
  [key: string]: Json | undefined;
} | Json[];

export type Database = {
  "public": {
    Tables: {
      "activity": {
        Row: {
          "actor_id": string | null;
          "audience": string;
          "created_at": string;
          "detail": NonNullable<Json>;
          "id": number;
          "subject_id": string | null;
          "subject_kind": string;
          "verb": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "actor_id"?: string | null;
          "audience": string;
          "created_at"?: string;
          "detail"?: NonNullable<Json>;
          "id"?: never;
          "subject_id"?: string | null;
          "subject_kind": string;
          "verb": string;
          "workspace_id": string;
        };
        Update: {
          "actor_id"?: string | null;
          "audience"?: string;
          "created_at"?: string;
          "detail"?: NonNullable<Json>;
          "id"?: never;
          "subject_id"?: string | null;
          "subject_kind"?: string;
          "verb"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "activity_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "activity_subjects": {
        Row: {
          "permission": string;
          "subject_kind": string;
        };
        ComputedFields: never;
        Insert: {
          "permission": string;
          "subject_kind": string;
        };
        Update: {
          "permission"?: string;
          "subject_kind"?: string;
        };
        Relationships: [];
      };
      "ai_models": {
        Row: {
          "description": string;
          "entitlement": string | null;
          "model": string;
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "entitlement"?: string | null;
          "model": string;
        };
        Update: {
          "description"?: string;
          "entitlement"?: string | null;
          "model"?: string;
        };
        Relationships: [];
      };
      "ai_task_kinds": {
        Row: {
          "description": string;
          "entitlement": string | null;
          "input_schema": NonNullable<Json>;
          "kind": string;
          "output": string;
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "entitlement"?: string | null;
          "input_schema": NonNullable<Json>;
          "kind": string;
          "output": string;
        };
        Update: {
          "description"?: string;
          "entitlement"?: string | null;
          "input_schema"?: NonNullable<Json>;
          "kind"?: string;
          "output"?: string;
        };
        Relationships: [];
      };
      "ai_tasks": {
        Row: {
          "brand_id": string | null;
          "completion_tokens": number | null;
          "cost_microusd": number | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "first_token_ms": number | null;
          "id": string;
          "idempotency_key": string | null;
          "input": NonNullable<Json>;
          "is_cut": boolean;
          "job_id": number | null;
          "kind": string;
          "latency_ms": number | null;
          "model": string | null;
          "prompt_tokens": number | null;
          "provider": string | null;
          "requested_model": string | null;
          "result": string;
          "result_json": Json | null;
          "status": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "brand_id"?: string | null;
          "completion_tokens"?: number | null;
          "cost_microusd"?: number | null;
          "created_at"?: string;
          "created_by": string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string | null;
          "first_token_ms"?: number | null;
          "id"?: string;
          "idempotency_key"?: string | null;
          "input": NonNullable<Json>;
          "is_cut"?: boolean;
          "job_id"?: number | null;
          "kind": string;
          "latency_ms"?: number | null;
          "model"?: string | null;
          "prompt_tokens"?: number | null;
          "provider"?: string | null;
          "requested_model"?: string | null;
          "result"?: string;
          "result_json"?: Json | null;
          "status"?: string;
          "workspace_id": string;
        };
        Update: {
          "brand_id"?: string | null;
          "completion_tokens"?: number | null;
          "cost_microusd"?: number | null;
          "created_at"?: string;
          "created_by"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string | null;
          "first_token_ms"?: number | null;
          "id"?: string;
          "idempotency_key"?: string | null;
          "input"?: NonNullable<Json>;
          "is_cut"?: boolean;
          "job_id"?: number | null;
          "kind"?: string;
          "latency_ms"?: number | null;
          "model"?: string | null;
          "prompt_tokens"?: number | null;
          "provider"?: string | null;
          "requested_model"?: string | null;
          "result"?: string;
          "result_json"?: Json | null;
          "status"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "ai_tasks_kind_fkey";
            columns: ["kind"];
            isOneToOne: false;
            referencedRelation: "ai_task_kinds";
            referencedColumns: ["kind"];
          },
          {
            foreignKeyName: "ai_tasks_requested_model_fkey";
            columns: ["requested_model"];
            isOneToOne: false;
            referencedRelation: "ai_models";
            referencedColumns: ["model"];
          },
          {
            foreignKeyName: "ai_tasks_workspace_id_brand_id_fkey";
            columns: ["workspace_id", "brand_id"];
            isOneToOne: false;
            referencedRelation: "brands";
            referencedColumns: ["workspace_id", "id"];
          },
          {
            foreignKeyName: "ai_tasks_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "audit_log": {
        Row: {
          "action": string;
          "actor_id": string | null;
          "created_at": string;
          "detail": NonNullable<Json>;
          "id": number;
          "request_id": string | null;
          "subject": string | null;
          "workspace_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "actor_id"?: string | null;
          "created_at"?: string;
          "detail"?: NonNullable<Json>;
          "id"?: never;
          "request_id"?: string | null;
          "subject"?: string | null;
          "workspace_id"?: string | null;
        };
        Update: {
          "action"?: string;
          "actor_id"?: string | null;
          "created_at"?: string;
          "detail"?: NonNullable<Json>;
          "id"?: never;
          "request_id"?: string | null;
          "subject"?: string | null;
          "workspace_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "audit_log_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "billing_metrics": {
        Row: {
          "description": string;
          "kind": string;
          "metric": string;
          "unit": string;
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "kind": string;
          "metric": string;
          "unit": string;
        };
        Update: {
          "description"?: string;
          "kind"?: string;
          "metric"?: string;
          "unit"?: string;
        };
        Relationships: [];
      };
      "billing_notices": {
        Row: {
          "created_at": string;
          "dedupe_key": string;
          "detail": NonNullable<Json>;
          "id": number;
          "kind": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "dedupe_key": string;
          "detail"?: NonNullable<Json>;
          "id"?: never;
          "kind": string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "dedupe_key"?: string;
          "detail"?: NonNullable<Json>;
          "id"?: never;
          "kind"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "billing_notices_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "billing_sessions": {
        Row: {
          "billing_interval": string | null;
          "cancel_url": string | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "expires_at": string | null;
          "fulfilled_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "job_id": number | null;
          "kind": string;
          "pack": string | null;
          "payment_status": string | null;
          "plan_version_id": number | null;
          "reversed_at": string | null;
          "status": string;
          "stripe_payment_id": string | null;
          "stripe_session_id": string | null;
          "success_url": string | null;
          "updated_at": string;
          "url": string | null;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "billing_interval"?: string | null;
          "cancel_url"?: string | null;
          "created_at"?: string;
          "created_by": string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "expires_at"?: string | null;
          "fulfilled_at"?: string | null;
          "id"?: string;
          "idempotency_key"?: string | null;
          "job_id"?: number | null;
          "kind": string;
          "pack"?: string | null;
          "payment_status"?: string | null;
          "plan_version_id"?: number | null;
          "reversed_at"?: string | null;
          "status"?: string;
          "stripe_payment_id"?: string | null;
          "stripe_session_id"?: string | null;
          "success_url"?: string | null;
          "updated_at"?: string;
          "url"?: string | null;
          "workspace_id": string;
        };
        Update: {
          "billing_interval"?: string | null;
          "cancel_url"?: string | null;
          "created_at"?: string;
          "created_by"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "expires_at"?: string | null;
          "fulfilled_at"?: string | null;
          "id"?: string;
          "idempotency_key"?: string | null;
          "job_id"?: number | null;
          "kind"?: string;
          "pack"?: string | null;
          "payment_status"?: string | null;
          "plan_version_id"?: number | null;
          "reversed_at"?: string | null;
          "status"?: string;
          "stripe_payment_id"?: string | null;
          "stripe_session_id"?: string | null;
          "success_url"?: string | null;
          "updated_at"?: string;
          "url"?: string | null;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "billing_sessions_pack_fkey";
            columns: ["pack"];
            isOneToOne: false;
            referencedRelation: "credit_packs";
            referencedColumns: ["pack"];
          },
          {
            foreignKeyName: "billing_sessions_plan_version_id_fkey";
            columns: ["plan_version_id"];
            isOneToOne: false;
            referencedRelation: "plan_versions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "billing_sessions_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "brands": {
        Row: {
          "audience": string;
          "created_at": string;
          "id": string;
          "is_default": boolean;
          "language": string | null;
          "name": string;
          "rules": string;
          "updated_at": string;
          "voice": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "audience"?: string;
          "created_at"?: string;
          "id"?: string;
          "is_default"?: boolean;
          "language"?: string | null;
          "name"?: string;
          "rules"?: string;
          "updated_at"?: string;
          "voice"?: string;
          "workspace_id": string;
        };
        Update: {
          "audience"?: string;
          "created_at"?: string;
          "id"?: string;
          "is_default"?: boolean;
          "language"?: string | null;
          "name"?: string;
          "rules"?: string;
          "updated_at"?: string;
          "voice"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "brand_profiles_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "campaign_recipients": {
        Row: {
          "batch": number;
          "campaign_id": string;
          "clicked_at": string | null;
          "clicks": number;
          "contact_id": string | null;
          "email": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "not_before": string | null;
          "opened_at": string | null;
          "opens": number;
          "provider_message_id": string | null;
          "sent_at": string | null;
          "status": string;
          "tries": number;
          "unsubscribed_at": string | null;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "batch": number;
          "campaign_id": string;
          "clicked_at"?: string | null;
          "clicks"?: number;
          "contact_id"?: string | null;
          "email"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "not_before"?: string | null;
          "opened_at"?: string | null;
          "opens"?: number;
          "provider_message_id"?: string | null;
          "sent_at"?: string | null;
          "status"?: string;
          "tries"?: number;
          "unsubscribed_at"?: string | null;
          "workspace_id": string;
        };
        Update: {
          "batch"?: number;
          "campaign_id"?: string;
          "clicked_at"?: string | null;
          "clicks"?: number;
          "contact_id"?: string | null;
          "email"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "not_before"?: string | null;
          "opened_at"?: string | null;
          "opens"?: number;
          "provider_message_id"?: string | null;
          "sent_at"?: string | null;
          "status"?: string;
          "tries"?: number;
          "unsubscribed_at"?: string | null;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_recipients_campaign_id_fkey";
            columns: ["campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaign_recipients_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaign_recipients_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "campaign_stats": {
        Row: {
          "bounced": number;
          "campaign_id": string;
          "cancelled": number;
          "clicked": number;
          "clicks": number;
          "complained": number;
          "delivered": number;
          "failed": number;
          "opened": number;
          "opens": number;
          "recipients": number;
          "sent": number;
          "skipped": number;
          "unknown": number;
          "unsubscribed": number;
          "updated_at": string;
          "waiting": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "bounced"?: number;
          "campaign_id": string;
          "cancelled"?: number;
          "clicked"?: number;
          "clicks"?: number;
          "complained"?: number;
          "delivered"?: number;
          "failed"?: number;
          "opened"?: number;
          "opens"?: number;
          "recipients"?: number;
          "sent"?: number;
          "skipped"?: number;
          "unknown"?: number;
          "unsubscribed"?: number;
          "updated_at"?: string;
          "waiting"?: number;
          "workspace_id": string;
        };
        Update: {
          "bounced"?: number;
          "campaign_id"?: string;
          "cancelled"?: number;
          "clicked"?: number;
          "clicks"?: number;
          "complained"?: number;
          "delivered"?: number;
          "failed"?: number;
          "opened"?: number;
          "opens"?: number;
          "recipients"?: number;
          "sent"?: number;
          "skipped"?: number;
          "unknown"?: number;
          "unsubscribed"?: number;
          "updated_at"?: string;
          "waiting"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_stats_campaign_id_fkey";
            columns: ["campaign_id"];
            isOneToOne: true;
            referencedRelation: "campaigns";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaign_stats_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "campaigns": {
        Row: {
          "body": string;
          "created_at": string;
          "created_by": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "id": string;
          "name": string;
          "provider": string | null;
          "scheduled_at": string | null;
          "segment_id": string | null;
          "started_at": string | null;
          "status": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "body"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "name": string;
          "provider"?: string | null;
          "scheduled_at"?: string | null;
          "segment_id"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "subject"?: string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "body"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "name"?: string;
          "provider"?: string | null;
          "scheduled_at"?: string | null;
          "segment_id"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "subject"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "campaigns_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaigns_workspace_id_segment_id_fkey";
            columns: ["workspace_id", "segment_id"];
            isOneToOne: false;
            referencedRelation: "segments";
            referencedColumns: ["workspace_id", "id"];
          },
        ];
      };
      "channels": {
        Row: {
          "ack_texts": NonNullable<Json>;
          "attachment_texts": NonNullable<Json>;
          "created_at": string;
          "created_by": string;
          "default_language": string;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "kind": string;
          "name": string;
          "not_answered_texts": NonNullable<Json>;
          "on_unanswered": string;
          "page_key_last4": string | null;
          "page_name": string | null;
          "passed_on_texts": NonNullable<Json>;
          "status": string;
          "unavailable_texts": NonNullable<Json>;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "ack_texts"?: NonNullable<Json>;
          "attachment_texts"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by": string;
          "default_language"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "kind"?: string;
          "name": string;
          "not_answered_texts"?: NonNullable<Json>;
          "on_unanswered"?: string;
          "page_key_last4"?: string | null;
          "page_name"?: string | null;
          "passed_on_texts"?: NonNullable<Json>;
          "status"?: string;
          "unavailable_texts"?: NonNullable<Json>;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "ack_texts"?: NonNullable<Json>;
          "attachment_texts"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string;
          "default_language"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "kind"?: string;
          "name"?: string;
          "not_answered_texts"?: NonNullable<Json>;
          "on_unanswered"?: string;
          "page_key_last4"?: string | null;
          "page_name"?: string | null;
          "passed_on_texts"?: NonNullable<Json>;
          "status"?: string;
          "unavailable_texts"?: NonNullable<Json>;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "channels_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "chunks": {
        Row: {
          "char_from": number;
          "char_to": number;
          "content": string;
          "content_hash": string;
          "document_id": string;
          "embedding": unknown;
          "embedding_model": string;
          "heading": string | null;
          "id": number;
          "language": string;
          "ordinal": number;
          "page_from": number;
          "page_to": number;
          "search": unknown;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "char_from": number;
          "char_to": number;
          "content": string;
          "content_hash": string;
          "document_id": string;
          "embedding": unknown;
          "embedding_model": string;
          "heading"?: string | null;
          "id"?: never;
          "language"?: string;
          "ordinal": number;
          "page_from": number;
          "page_to": number;
          "search"?: never;
          "workspace_id": string;
        };
        Update: {
          "char_from"?: number;
          "char_to"?: number;
          "content"?: string;
          "content_hash"?: string;
          "document_id"?: string;
          "embedding"?: unknown;
          "embedding_model"?: string;
          "heading"?: string | null;
          "id"?: never;
          "language"?: string;
          "ordinal"?: number;
          "page_from"?: number;
          "page_to"?: number;
          "search"?: never;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "chunks_document_id_fkey";
            columns: ["document_id"];
            isOneToOne: false;
            referencedRelation: "documents";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "chunks_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "comment_mentions": {
        Row: {
          "comment_id": string;
          "created_at": string;
          "user_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "comment_id": string;
          "created_at"?: string;
          "user_id": string;
          "workspace_id": string;
        };
        Update: {
          "comment_id"?: string;
          "created_at"?: string;
          "user_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "comment_mentions_comment_id_fkey";
            columns: ["comment_id"];
            isOneToOne: false;
            referencedRelation: "comments";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "comment_mentions_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["user_id"];
          },
          {
            foreignKeyName: "comment_mentions_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "comments": {
        Row: {
          "body": string;
          "created_at": string;
          "created_by": string;
          "deleted_at": string | null;
          "document_id": string;
          "edited_at": string | null;
          "id": string;
          "quote": string | null;
          "range_end": number | null;
          "range_start": number | null;
          "resolved_at": string | null;
          "resolved_by": string | null;
          "thread_id": string | null;
          "version": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "body": string;
          "created_at"?: string;
          "created_by": string;
          "deleted_at"?: string | null;
          "document_id": string;
          "edited_at"?: string | null;
          "id"?: string;
          "quote"?: string | null;
          "range_end"?: number | null;
          "range_start"?: number | null;
          "resolved_at"?: string | null;
          "resolved_by"?: string | null;
          "thread_id"?: string | null;
          "version": number;
          "workspace_id": string;
        };
        Update: {
          "body"?: string;
          "created_at"?: string;
          "created_by"?: string;
          "deleted_at"?: string | null;
          "document_id"?: string;
          "edited_at"?: string | null;
          "id"?: string;
          "quote"?: string | null;
          "range_end"?: number | null;
          "range_start"?: number | null;
          "resolved_at"?: string | null;
          "resolved_by"?: string | null;
          "thread_id"?: string | null;
          "version"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "comments_document_id_fkey";
            columns: ["document_id"];
            isOneToOne: false;
            referencedRelation: "documents";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "comments_thread_id_fkey";
            columns: ["thread_id"];
            isOneToOne: false;
            referencedRelation: "comments";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "comments_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "connection_records": {
        Row: {
          "connection_id": string;
          "contact_id": string;
          "error_code": string | null;
          "error_message": string | null;
          "remote_id": string | null;
          "sent_hash": string | null;
          "status": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "connection_id": string;
          "contact_id": string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "remote_id"?: string | null;
          "sent_hash"?: string | null;
          "status": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "connection_id"?: string;
          "contact_id"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "remote_id"?: string | null;
          "sent_hash"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "connection_records_connection_id_fkey";
            columns: ["connection_id"];
            isOneToOne: false;
            referencedRelation: "connections";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "connection_records_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "connection_records_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "connections": {
        Row: {
          "account_name": string | null;
          "baseline_at": string;
          "created_at": string;
          "created_by": string;
          "credential_last4": string | null;
          "credentials_version": number;
          "cursor_at": string | null;
          "cursor_id": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "failures": number;
          "id": string;
          "is_offline": boolean;
          "kind": string;
          "last_ok_at": string | null;
          "name": string;
          "next_try_at": string | null;
          "settings": NonNullable<Json>;
          "status": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "account_name"?: string | null;
          "baseline_at"?: string;
          "created_at"?: string;
          "created_by": string;
          "credential_last4"?: string | null;
          "credentials_version"?: number;
          "cursor_at"?: string | null;
          "cursor_id"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "failures"?: number;
          "id"?: string;
          "is_offline"?: boolean;
          "kind": string;
          "last_ok_at"?: string | null;
          "name": string;
          "next_try_at"?: string | null;
          "settings"?: NonNullable<Json>;
          "status"?: string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "account_name"?: string | null;
          "baseline_at"?: string;
          "created_at"?: string;
          "created_by"?: string;
          "credential_last4"?: string | null;
          "credentials_version"?: number;
          "cursor_at"?: string | null;
          "cursor_id"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "failures"?: number;
          "id"?: string;
          "is_offline"?: boolean;
          "kind"?: string;
          "last_ok_at"?: string | null;
          "name"?: string;
          "next_try_at"?: string | null;
          "settings"?: NonNullable<Json>;
          "status"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "connections_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "consent_events": {
        Row: {
          "consent": string;
          "contact_id": string;
          "created_at": string;
          "created_by": string | null;
          "email": string | null;
          "id": number;
          "source": string | null;
          "statement": string | null;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "consent": string;
          "contact_id": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "email"?: string | null;
          "id"?: never;
          "source"?: string | null;
          "statement"?: string | null;
          "workspace_id": string;
        };
        Update: {
          "consent"?: string;
          "contact_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "email"?: string | null;
          "id"?: never;
          "source"?: string | null;
          "statement"?: string | null;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "consent_events_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "consent_events_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "contact_identities": {
        Row: {
          "channel_id": string;
          "contact_id": string;
          "created_at": string;
          "last_inbound_at": string;
          "subscriber_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "channel_id": string;
          "contact_id": string;
          "created_at"?: string;
          "last_inbound_at"?: string;
          "subscriber_id": string;
          "workspace_id": string;
        };
        Update: {
          "channel_id"?: string;
          "contact_id"?: string;
          "created_at"?: string;
          "last_inbound_at"?: string;
          "subscriber_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "contact_identities_channel_id_fkey";
            columns: ["channel_id"];
            isOneToOne: false;
            referencedRelation: "channels";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "contact_identities_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "contact_identities_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "contact_scores": {
        Row: {
          "computed_at": string | null;
          "contact_id": string;
          "factors": NonNullable<Json>;
          "opinion_at": string | null;
          "opinion_model": string | null;
          "opinion_points": number | null;
          "opinion_reason": string | null;
          "override_at": string | null;
          "override_by": string | null;
          "override_reason": string | null;
          "override_score": number | null;
          "rules_version": number | null;
          "score": number | null;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "computed_at"?: string | null;
          "contact_id": string;
          "factors"?: NonNullable<Json>;
          "opinion_at"?: string | null;
          "opinion_model"?: string | null;
          "opinion_points"?: number | null;
          "opinion_reason"?: string | null;
          "override_at"?: string | null;
          "override_by"?: string | null;
          "override_reason"?: string | null;
          "override_score"?: number | null;
          "rules_version"?: number | null;
          "score"?: number | null;
          "workspace_id": string;
        };
        Update: {
          "computed_at"?: string | null;
          "contact_id"?: string;
          "factors"?: NonNullable<Json>;
          "opinion_at"?: string | null;
          "opinion_model"?: string | null;
          "opinion_points"?: number | null;
          "opinion_reason"?: string | null;
          "override_at"?: string | null;
          "override_by"?: string | null;
          "override_reason"?: string | null;
          "override_score"?: number | null;
          "rules_version"?: number | null;
          "score"?: number | null;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "contact_scores_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: true;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "contact_scores_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "contacts": {
        Row: {
          "company": string | null;
          "consent_at": string | null;
          "consent_source": string | null;
          "country": string | null;
          "created_at": string;
          "email": string | null;
          "email_consent": string;
          "email_key": string | null;
          "id": string;
          "job_title": string | null;
          "language": string | null;
          "last_activity_at": string | null;
          "lead_score": number | null;
          "lifecycle": string;
          "name": string | null;
          "name_key": string | null;
          "owner_id": string | null;
          "phone": string | null;
          "phone_key": string | null;
          "source": string | null;
          "tags": (string)[];
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "company"?: string | null;
          "consent_at"?: string | null;
          "consent_source"?: string | null;
          "country"?: string | null;
          "created_at"?: string;
          "email"?: string | null;
          "email_consent"?: string;
          "email_key"?: never;
          "id"?: string;
          "job_title"?: string | null;
          "language"?: string | null;
          "last_activity_at"?: string | null;
          "lead_score"?: number | null;
          "lifecycle"?: string;
          "name"?: string | null;
          "name_key"?: never;
          "owner_id"?: string | null;
          "phone"?: string | null;
          "phone_key"?: never;
          "source"?: string | null;
          "tags"?: (string)[];
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "company"?: string | null;
          "consent_at"?: string | null;
          "consent_source"?: string | null;
          "country"?: string | null;
          "created_at"?: string;
          "email"?: string | null;
          "email_consent"?: string;
          "email_key"?: never;
          "id"?: string;
          "job_title"?: string | null;
          "language"?: string | null;
          "last_activity_at"?: string | null;
          "lead_score"?: number | null;
          "lifecycle"?: string;
          "name"?: string | null;
          "name_key"?: never;
          "owner_id"?: string | null;
          "phone"?: string | null;
          "phone_key"?: never;
          "source"?: string | null;
          "tags"?: (string)[];
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "contacts_owner_fkey";
            columns: ["workspace_id", "owner_id"];
            isOneToOne: false;
            referencedRelation: "workspace_members";
            referencedColumns: ["workspace_id", "user_id"];
          },
          {
            foreignKeyName: "contacts_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "conversations": {
        Row: {
          "channel_id": string | null;
          "contact_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "channel_id"?: string | null;
          "contact_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "title"?: string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "channel_id"?: string | null;
          "contact_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "title"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "conversations_channel_id_fkey";
            columns: ["channel_id"];
            isOneToOne: false;
            referencedRelation: "channels";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversations_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversations_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "courses": {
        Row: {
          "created_at": string;
          "created_by": string;
          "description": string;
          "id": string;
          "is_open": boolean;
          "published_at": string | null;
          "status": string;
          "teacher_id": string;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string;
          "description"?: string;
          "id"?: string;
          "is_open"?: boolean;
          "published_at"?: string | null;
          "status"?: string;
          "teacher_id"?: string;
          "title": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string;
          "description"?: string;
          "id"?: string;
          "is_open"?: boolean;
          "published_at"?: string | null;
          "status"?: string;
          "teacher_id"?: string;
          "title"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "courses_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "credit_packs": {
        Row: {
          "amount": number;
          "currency": string;
          "is_sold": boolean;
          "metric": string;
          "name": string;
          "pack": string;
          "quantity": number;
        };
        ComputedFields: never;
        Insert: {
          "amount": number;
          "currency": string;
          "is_sold"?: boolean;
          "metric": string;
          "name": string;
          "pack": string;
          "quantity": number;
        };
        Update: {
          "amount"?: number;
          "currency"?: string;
          "is_sold"?: boolean;
          "metric"?: string;
          "name"?: string;
          "pack"?: string;
          "quantity"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "credit_packs_metric_fkey";
            columns: ["metric"];
            isOneToOne: false;
            referencedRelation: "billing_metrics";
            referencedColumns: ["metric"];
          },
        ];
      };
      "dashboards": {
        Row: {
          "computed_at": string;
          "domain": string;
          "numbers": NonNullable<Json>;
          "watched_until": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "computed_at"?: string;
          "domain": string;
          "numbers": NonNullable<Json>;
          "watched_until"?: string;
          "workspace_id": string;
        };
        Update: {
          "computed_at"?: string;
          "domain"?: string;
          "numbers"?: NonNullable<Json>;
          "watched_until"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "dashboards_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "deal_stage_stays": {
        Row: {
          "deal_id": string;
          "entered_at": string;
          "id": number;
          "left_at": string | null;
          "moved_by": string | null;
          "stage_id": string | null;
          "stage_name": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "deal_id": string;
          "entered_at"?: string;
          "id"?: never;
          "left_at"?: string | null;
          "moved_by"?: string | null;
          "stage_id"?: string | null;
          "stage_name": string;
          "workspace_id": string;
        };
        Update: {
          "deal_id"?: string;
          "entered_at"?: string;
          "id"?: never;
          "left_at"?: string | null;
          "moved_by"?: string | null;
          "stage_id"?: string | null;
          "stage_name"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "deal_stage_stays_deal_id_fkey";
            columns: ["deal_id"];
            isOneToOne: false;
            referencedRelation: "deals";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "deal_stage_stays_stage_id_fkey";
            columns: ["stage_id"];
            isOneToOne: false;
            referencedRelation: "stages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "deal_stage_stays_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "deals": {
        Row: {
          "amount": number | null;
          "closed_at": string | null;
          "contact_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "expected_close": string | null;
          "id": string;
          "lost_reason": string | null;
          "owner_id": string | null;
          "pipeline_id": string;
          "rank": number;
          "stage_entered_at": string;
          "stage_id": string;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "amount"?: number | null;
          "closed_at"?: string | null;
          "contact_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string;
          "expected_close"?: string | null;
          "id"?: string;
          "lost_reason"?: string | null;
          "owner_id"?: string | null;
          "pipeline_id": string;
          "rank": number;
          "stage_entered_at"?: string;
          "stage_id": string;
          "title": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "amount"?: number | null;
          "closed_at"?: string | null;
          "contact_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string;
          "expected_close"?: string | null;
          "id"?: string;
          "lost_reason"?: string | null;
          "owner_id"?: string | null;
          "pipeline_id"?: string;
          "rank"?: number;
          "stage_entered_at"?: string;
          "stage_id"?: string;
          "title"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "deals_contact_fkey";
            columns: ["workspace_id", "contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["workspace_id", "id"];
          },
          {
            foreignKeyName: "deals_owner_fkey";
            columns: ["workspace_id", "owner_id"];
            isOneToOne: false;
            referencedRelation: "workspace_members";
            referencedColumns: ["workspace_id", "user_id"];
          },
          {
            foreignKeyName: "deals_pipeline_fkey";
            columns: ["workspace_id", "pipeline_id"];
            isOneToOne: false;
            referencedRelation: "pipelines";
            referencedColumns: ["workspace_id", "id"];
          },
          {
            foreignKeyName: "deals_stage_fkey";
            columns: ["pipeline_id", "stage_id"];
            isOneToOne: false;
            referencedRelation: "stages";
            referencedColumns: ["pipeline_id", "id"];
          },
          {
            foreignKeyName: "deals_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "document_versions": {
        Row: {
          "content": string;
          "created_at": string;
          "created_by": string | null;
          "document_id": string;
          "restored_from": number | null;
          "version": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "content": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "document_id": string;
          "restored_from"?: number | null;
          "version": number;
          "workspace_id": string;
        };
        Update: {
          "content"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "document_id"?: string;
          "restored_from"?: number | null;
          "version"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "document_versions_document_id_fkey";
            columns: ["document_id"];
            isOneToOne: false;
            referencedRelation: "documents";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "document_versions_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "documents": {
        Row: {
          "brand_id": string | null;
          "byte_size": number | null;
          "chunk_count": number;
          "content_hash": string | null;
          "created_at": string;
          "created_by": string | null;
          "embedding_model": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "for_contacts": boolean;
          "id": string;
          "kind": string;
          "language": string | null;
          "lesson_id": string | null;
          "object_path": string | null;
          "page_count": number | null;
          "processed_at": string | null;
          "processed_version": number | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "brand_id"?: string | null;
          "byte_size"?: number | null;
          "chunk_count"?: number;
          "content_hash"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "embedding_model"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "for_contacts"?: boolean;
          "id"?: string;
          "kind": string;
          "language"?: string | null;
          "lesson_id"?: string | null;
          "object_path"?: string | null;
          "page_count"?: number | null;
          "processed_at"?: string | null;
          "processed_version"?: number | null;
          "stage"?: string | null;
          "status"?: string;
          "title": string;
          "updated_at"?: string;
          "version"?: number;
          "workspace_id": string;
        };
        Update: {
          "brand_id"?: string | null;
          "byte_size"?: number | null;
          "chunk_count"?: number;
          "content_hash"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "embedding_model"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "for_contacts"?: boolean;
          "id"?: string;
          "kind"?: string;
          "language"?: string | null;
          "lesson_id"?: string | null;
          "object_path"?: string | null;
          "page_count"?: number | null;
          "processed_at"?: string | null;
          "processed_version"?: number | null;
          "stage"?: string | null;
          "status"?: string;
          "title"?: string;
          "updated_at"?: string;
          "version"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "documents_lesson_fkey";
            columns: ["lesson_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "lessons";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "documents_workspace_id_brand_id_fkey";
            columns: ["workspace_id", "brand_id"];
            isOneToOne: false;
            referencedRelation: "brands";
            referencedColumns: ["workspace_id", "id"];
          },
          {
            foreignKeyName: "documents_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "enrolments": {
        Row: {
          "completed_at": string | null;
          "conversation_id": string | null;
          "course_id": string;
          "enrolled_at": string;
          "enrolled_by": string;
          "user_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "completed_at"?: string | null;
          "conversation_id"?: string | null;
          "course_id": string;
          "enrolled_at"?: string;
          "enrolled_by": string;
          "user_id": string;
          "workspace_id": string;
        };
        Update: {
          "completed_at"?: string | null;
          "conversation_id"?: string | null;
          "course_id"?: string;
          "enrolled_at"?: string;
          "enrolled_by"?: string;
          "user_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "enrolments_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "enrolments_course_id_workspace_id_fkey";
            columns: ["course_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "courses";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "enrolments_workspace_id_user_id_fkey";
            columns: ["workspace_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "workspace_members";
            referencedColumns: ["workspace_id", "user_id"];
          },
        ];
      };
      "forms": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "is_enabled": boolean;
          "makes_lead": boolean;
          "name": string;
          "statement": string | null;
          "thank_you_url": string | null;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "is_enabled"?: boolean;
          "makes_lead"?: boolean;
          "name": string;
          "statement"?: string | null;
          "thank_you_url"?: string | null;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "is_enabled"?: boolean;
          "makes_lead"?: boolean;
          "name"?: string;
          "statement"?: string | null;
          "thank_you_url"?: string | null;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "forms_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "invoices": {
        Row: {
          "amount_due": number;
          "amount_paid": number;
          "amount_remaining": number;
          "billing_reason": string | null;
          "currency": string;
          "due_at": string | null;
          "hosted_url": string | null;
          "id": string;
          "issued_at": string;
          "next_attempt_at": string | null;
          "number": string | null;
          "observed_at": string;
          "overage_amount": number;
          "paid_at": string | null;
          "pdf_url": string | null;
          "period_end": string;
          "period_start": string;
          "status": string;
          "stripe_invoice_id": string;
          "stripe_subscription_id": string | null;
          "subtotal": number;
          "tax": number;
          "total": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "amount_due": number;
          "amount_paid": number;
          "amount_remaining": number;
          "billing_reason"?: string | null;
          "currency": string;
          "due_at"?: string | null;
          "hosted_url"?: string | null;
          "id"?: string;
          "issued_at": string;
          "next_attempt_at"?: string | null;
          "number"?: string | null;
          "observed_at": string;
          "overage_amount": number;
          "paid_at"?: string | null;
          "pdf_url"?: string | null;
          "period_end": string;
          "period_start": string;
          "status": string;
          "stripe_invoice_id": string;
          "stripe_subscription_id"?: string | null;
          "subtotal": number;
          "tax": number;
          "total": number;
          "workspace_id": string;
        };
        Update: {
          "amount_due"?: number;
          "amount_paid"?: number;
          "amount_remaining"?: number;
          "billing_reason"?: string | null;
          "currency"?: string;
          "due_at"?: string | null;
          "hosted_url"?: string | null;
          "id"?: string;
          "issued_at"?: string;
          "next_attempt_at"?: string | null;
          "number"?: string | null;
          "observed_at"?: string;
          "overage_amount"?: number;
          "paid_at"?: string | null;
          "pdf_url"?: string | null;
          "period_end"?: string;
          "period_start"?: string;
          "status"?: string;
          "stripe_invoice_id"?: string;
          "stripe_subscription_id"?: string | null;
          "subtotal"?: number;
          "tax"?: number;
          "total"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "invoices_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "jobs": {
        Row: {
          "args": NonNullable<Json>;
          "attempts": number;
          "cancel_requested_at": string | null;
          "created_at": string;
          "created_by": string | null;
          "dedupe_key": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "fair_tag": number;
          "finished_at": string | null;
          "gate": string;
          "id": number;
          "kind": string;
          "lane": string;
          "lease_until": string | null;
          "max_attempts": number;
          "metered": boolean;
          "ordering_key": string | null;
          "progress": number;
          "provider": string | null;
          "run_at": string;
          "stage": string | null;
          "started_at": string | null;
          "status": string;
          "subject_id": string | null;
          "worker_id": string | null;
          "workspace_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "args"?: NonNullable<Json>;
          "attempts"?: number;
          "cancel_requested_at"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "dedupe_key"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "fair_tag"?: number;
          "finished_at"?: string | null;
          "gate"?: string;
          "id"?: never;
          "kind": string;
          "lane": string;
          "lease_until"?: string | null;
          "max_attempts": number;
          "metered"?: boolean;
          "ordering_key"?: string | null;
          "progress"?: number;
          "provider"?: string | null;
          "run_at"?: string;
          "stage"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "subject_id"?: string | null;
          "worker_id"?: string | null;
          "workspace_id"?: string | null;
        };
        Update: {
          "args"?: NonNullable<Json>;
          "attempts"?: number;
          "cancel_requested_at"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "dedupe_key"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "fair_tag"?: number;
          "finished_at"?: string | null;
          "gate"?: string;
          "id"?: never;
          "kind"?: string;
          "lane"?: string;
          "lease_until"?: string | null;
          "max_attempts"?: number;
          "metered"?: boolean;
          "ordering_key"?: string | null;
          "progress"?: number;
          "provider"?: string | null;
          "run_at"?: string;
          "stage"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "subject_id"?: string | null;
          "worker_id"?: string | null;
          "workspace_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "jobs_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "lead_scores": {
        Row: {
          "cause": string;
          "contact_id": string;
          "created_at": string;
          "created_by": string | null;
          "factors": NonNullable<Json>;
          "id": number;
          "rules_version": number | null;
          "score": number | null;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "cause": string;
          "contact_id": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "factors"?: NonNullable<Json>;
          "id"?: never;
          "rules_version"?: number | null;
          "score"?: number | null;
          "workspace_id": string;
        };
        Update: {
          "cause"?: string;
          "contact_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "factors"?: NonNullable<Json>;
          "id"?: never;
          "rules_version"?: number | null;
          "score"?: number | null;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lead_scores_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_scores_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "leads": {
        Row: {
          "contact_id": string;
          "converted_at": string | null;
          "created_at": string;
          "created_by": string | null;
          "deal_id": string | null;
          "id": string;
          "interest": string;
          "note": string;
          "owner_id": string | null;
          "source": string | null;
          "status": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "contact_id": string;
          "converted_at"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "deal_id"?: string | null;
          "id"?: string;
          "interest": string;
          "note"?: string;
          "owner_id"?: string | null;
          "source"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "contact_id"?: string;
          "converted_at"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "deal_id"?: string | null;
          "id"?: string;
          "interest"?: string;
          "note"?: string;
          "owner_id"?: string | null;
          "source"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "leads_contact_fkey";
            columns: ["workspace_id", "contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["workspace_id", "id"];
          },
          {
            foreignKeyName: "leads_deal_fkey";
            columns: ["deal_id"];
            isOneToOne: false;
            referencedRelation: "deals";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "leads_owner_fkey";
            columns: ["workspace_id", "owner_id"];
            isOneToOne: false;
            referencedRelation: "workspace_members";
            referencedColumns: ["workspace_id", "user_id"];
          },
          {
            foreignKeyName: "leads_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "lesson_answers": {
        Row: {
          "author_id": string;
          "body": string;
          "created_at": string;
          "id": string;
          "question_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "author_id": string;
          "body": string;
          "created_at"?: string;
          "id"?: string;
          "question_id": string;
          "workspace_id": string;
        };
        Update: {
          "author_id"?: string;
          "body"?: string;
          "created_at"?: string;
          "id"?: string;
          "question_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lesson_answers_question_id_fkey";
            columns: ["question_id"];
            isOneToOne: false;
            referencedRelation: "lesson_questions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lesson_answers_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "lesson_progress": {
        Row: {
          "completed_at": string | null;
          "lesson_id": string;
          "started_at": string;
          "user_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "completed_at"?: string | null;
          "lesson_id": string;
          "started_at"?: string;
          "user_id": string;
          "workspace_id": string;
        };
        Update: {
          "completed_at"?: string | null;
          "lesson_id"?: string;
          "started_at"?: string;
          "user_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lesson_progress_lesson_id_workspace_id_fkey";
            columns: ["lesson_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "lessons";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "lesson_progress_workspace_id_user_id_fkey";
            columns: ["workspace_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "workspace_members";
            referencedColumns: ["workspace_id", "user_id"];
          },
        ];
      };
      "lesson_questions": {
        Row: {
          "answer_id": string | null;
          "asked_by": string;
          "audience": string;
          "body": string;
          "created_at": string;
          "id": string;
          "idempotency_key": string | null;
          "lesson_id": string;
          "seq": number;
          "status": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "answer_id"?: string | null;
          "asked_by": string;
          "audience": string;
          "body": string;
          "created_at"?: string;
          "id"?: string;
          "idempotency_key"?: string | null;
          "lesson_id": string;
          "seq"?: never;
          "status"?: string;
          "workspace_id": string;
        };
        Update: {
          "answer_id"?: string | null;
          "asked_by"?: string;
          "audience"?: string;
          "body"?: string;
          "created_at"?: string;
          "id"?: string;
          "idempotency_key"?: string | null;
          "lesson_id"?: string;
          "seq"?: never;
          "status"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lesson_questions_answer_id_fkey";
            columns: ["answer_id"];
            isOneToOne: false;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lesson_questions_lesson_id_workspace_id_fkey";
            columns: ["lesson_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "lessons";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "lesson_questions_workspace_id_asked_by_fkey";
            columns: ["workspace_id", "asked_by"];
            isOneToOne: false;
            referencedRelation: "workspace_members";
            referencedColumns: ["workspace_id", "user_id"];
          },
        ];
      };
      "lessons": {
        Row: {
          "course_id": string;
          "created_at": string;
          "created_by": string;
          "id": string;
          "is_published": boolean;
          "position": number;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "course_id": string;
          "created_at"?: string;
          "created_by": string;
          "id"?: string;
          "is_published"?: boolean;
          "position": number;
          "title": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "course_id"?: string;
          "created_at"?: string;
          "created_by"?: string;
          "id"?: string;
          "is_published"?: boolean;
          "position"?: number;
          "title"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lessons_course_id_workspace_id_fkey";
            columns: ["course_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "courses";
            referencedColumns: ["id", "workspace_id"];
          },
        ];
      };
      "mail_suppressions": {
        Row: {
          "created_at": string;
          "email": string;
          "reason": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "email": string;
          "reason": string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "email"?: string;
          "reason"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "mail_suppressions_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "marketing_settings": {
        Row: {
          "mails_per_second": number;
          "postal_address": string;
          "reply_to": string | null;
          "sender_name": string;
          "track_clicks": boolean;
          "track_opens": boolean;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "mails_per_second"?: number;
          "postal_address": string;
          "reply_to"?: string | null;
          "sender_name": string;
          "track_clicks"?: boolean;
          "track_opens"?: boolean;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "mails_per_second"?: number;
          "postal_address"?: string;
          "reply_to"?: string | null;
          "sender_name"?: string;
          "track_clicks"?: boolean;
          "track_opens"?: boolean;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "marketing_settings_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: true;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "message_deliveries": {
        Row: {
          "channel_id": string;
          "contact_id": string;
          "created_at": string;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "is_offline": boolean;
          "job_id": number | null;
          "kind": string;
          "message_id": string;
          "requests_sent": number;
          "sent_at": string | null;
          "status": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "channel_id": string;
          "contact_id": string;
          "created_at"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "is_offline"?: boolean;
          "job_id"?: number | null;
          "kind"?: string;
          "message_id": string;
          "requests_sent"?: number;
          "sent_at"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "channel_id"?: string;
          "contact_id"?: string;
          "created_at"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "is_offline"?: boolean;
          "job_id"?: number | null;
          "kind"?: string;
          "message_id"?: string;
          "requests_sent"?: number;
          "sent_at"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "message_deliveries_channel_id_fkey";
            columns: ["channel_id"];
            isOneToOne: false;
            referencedRelation: "channels";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "message_deliveries_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "message_deliveries_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: false;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "message_deliveries_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "messages": {
        Row: {
          "answered": boolean | null;
          "citations": NonNullable<Json>;
          "completion_tokens": number | null;
          "contact_id": string | null;
          "content": string;
          "conversation_id": string;
          "cost_microusd": number | null;
          "created_at": string;
          "created_by": string | null;
          "document_ids": (string)[] | null;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "first_token_ms": number | null;
          "id": string;
          "idempotency_key": string | null;
          "job_id": number | null;
          "latency_ms": number | null;
          "model": string | null;
          "prompt_tokens": number | null;
          "provider": string | null;
          "reply_to": string | null;
          "retrieval_ms": number | null;
          "role": string;
          "seq": number;
          "status": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "answered"?: boolean | null;
          "citations"?: NonNullable<Json>;
          "completion_tokens"?: number | null;
          "contact_id"?: string | null;
          "content"?: string;
          "conversation_id": string;
          "cost_microusd"?: number | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "document_ids"?: (string)[] | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string | null;
          "first_token_ms"?: number | null;
          "id"?: string;
          "idempotency_key"?: string | null;
          "job_id"?: number | null;
          "latency_ms"?: number | null;
          "model"?: string | null;
          "prompt_tokens"?: number | null;
          "provider"?: string | null;
          "reply_to"?: string | null;
          "retrieval_ms"?: number | null;
          "role": string;
          "seq"?: never;
          "status"?: string;
          "workspace_id": string;
        };
        Update: {
          "answered"?: boolean | null;
          "citations"?: NonNullable<Json>;
          "completion_tokens"?: number | null;
          "contact_id"?: string | null;
          "content"?: string;
          "conversation_id"?: string;
          "cost_microusd"?: number | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "document_ids"?: (string)[] | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string | null;
          "first_token_ms"?: number | null;
          "id"?: string;
          "idempotency_key"?: string | null;
          "job_id"?: number | null;
          "latency_ms"?: number | null;
          "model"?: string | null;
          "prompt_tokens"?: number | null;
          "provider"?: string | null;
          "reply_to"?: string | null;
          "retrieval_ms"?: number | null;
          "role"?: string;
          "seq"?: never;
          "status"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "messages_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_reply_to_fkey";
            columns: ["reply_to"];
            isOneToOne: false;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "notes": {
        Row: {
          "content": string;
          "created_at": string;
          "created_by": string;
          "id": string;
          "lesson_id": string | null;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "content": string;
          "created_at"?: string;
          "created_by"?: string;
          "id"?: string;
          "lesson_id"?: string | null;
          "title"?: string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "content"?: string;
          "created_at"?: string;
          "created_by"?: string;
          "id"?: string;
          "lesson_id"?: string | null;
          "title"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "notes_lesson_fkey";
            columns: ["lesson_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "lessons";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "notes_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "notification_preferences": {
        Row: {
          "email": boolean;
          "kind": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "email": boolean;
          "kind": string;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "email"?: boolean;
          "kind"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "notification_preferences_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["user_id"];
          },
        ];
      };
      "notifications": {
        Row: {
          "created_at": string;
          "data": NonNullable<Json>;
          "dedupe_key": string;
          "email": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "kind": string;
          "locale": string;
          "provider": string | null;
          "provider_message_id": string | null;
          "read_at": string | null;
          "sent_at": string | null;
          "status": string;
          "updated_at": string;
          "user_id": string | null;
          "workspace_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "dedupe_key": string;
          "email"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "kind": string;
          "locale": string;
          "provider"?: string | null;
          "provider_message_id"?: string | null;
          "read_at"?: string | null;
          "sent_at"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "user_id"?: string | null;
          "workspace_id"?: string | null;
        };
        Update: {
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "dedupe_key"?: string;
          "email"?: string | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "kind"?: string;
          "locale"?: string;
          "provider"?: string | null;
          "provider_message_id"?: string | null;
          "read_at"?: string | null;
          "sent_at"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "user_id"?: string | null;
          "workspace_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "notifications_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["user_id"];
          },
          {
            foreignKeyName: "notifications_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "payments": {
        Row: {
          "amount": number;
          "amount_refunded": number;
          "currency": string;
          "dispute_status": string | null;
          "failure_code": string | null;
          "failure_message": string | null;
          "id": string;
          "observed_at": string;
          "paid_at": string;
          "receipt_url": string | null;
          "status": string;
          "stripe_invoice_id": string | null;
          "stripe_payment_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "amount": number;
          "amount_refunded": number;
          "currency": string;
          "dispute_status"?: string | null;
          "failure_code"?: string | null;
          "failure_message"?: string | null;
          "id"?: string;
          "observed_at": string;
          "paid_at": string;
          "receipt_url"?: string | null;
          "status": string;
          "stripe_invoice_id"?: string | null;
          "stripe_payment_id": string;
          "workspace_id": string;
        };
        Update: {
          "amount"?: number;
          "amount_refunded"?: number;
          "currency"?: string;
          "dispute_status"?: string | null;
          "failure_code"?: string | null;
          "failure_message"?: string | null;
          "id"?: string;
          "observed_at"?: string;
          "paid_at"?: string;
          "receipt_url"?: string | null;
          "status"?: string;
          "stripe_invoice_id"?: string | null;
          "stripe_payment_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "payments_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "pipelines": {
        Row: {
          "archived_at": string | null;
          "created_at": string;
          "id": string;
          "name": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "archived_at"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "name": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "archived_at"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "name"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "pipelines_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "plan_entitlements": {
        Row: {
          "entitlement": string;
          "plan_version_id": number;
        };
        ComputedFields: never;
        Insert: {
          "entitlement": string;
          "plan_version_id": number;
        };
        Update: {
          "entitlement"?: string;
          "plan_version_id"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "plan_entitlements_plan_version_id_fkey";
            columns: ["plan_version_id"];
            isOneToOne: false;
            referencedRelation: "plan_versions";
            referencedColumns: ["id"];
          },
        ];
      };
      "plan_limits": {
        Row: {
          "included": number | null;
          "metric": string;
          "overage_amount": number | null;
          "overage_per": number | null;
          "plan_version_id": number;
        };
        ComputedFields: never;
        Insert: {
          "included"?: number | null;
          "metric": string;
          "overage_amount"?: number | null;
          "overage_per"?: number | null;
          "plan_version_id": number;
        };
        Update: {
          "included"?: number | null;
          "metric"?: string;
          "overage_amount"?: number | null;
          "overage_per"?: number | null;
          "plan_version_id"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "plan_limits_metric_fkey";
            columns: ["metric"];
            isOneToOne: false;
            referencedRelation: "billing_metrics";
            referencedColumns: ["metric"];
          },
          {
            foreignKeyName: "plan_limits_plan_version_id_fkey";
            columns: ["plan_version_id"];
            isOneToOne: false;
            referencedRelation: "plan_versions";
            referencedColumns: ["id"];
          },
        ];
      };
      "plan_versions": {
        Row: {
          "annual_amount": number | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "id": number;
          "monthly_amount": number | null;
          "plan": string;
          "queue_weight": number;
          "spend_cap_amount": number | null;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "annual_amount"?: number | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency": string;
          "id"?: never;
          "monthly_amount"?: number | null;
          "plan": string;
          "queue_weight"?: number;
          "spend_cap_amount"?: number | null;
          "version": number;
        };
        Update: {
          "annual_amount"?: number | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string;
          "id"?: never;
          "monthly_amount"?: number | null;
          "plan"?: string;
          "queue_weight"?: number;
          "spend_cap_amount"?: number | null;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "plan_versions_plan_fkey";
            columns: ["plan"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["plan"];
          },
        ];
      };
      "plans": {
        Row: {
          "created_at": string;
          "description": string;
          "is_public": boolean;
          "name": string;
          "plan": string;
          "rank": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "description"?: string;
          "is_public"?: boolean;
          "name": string;
          "plan": string;
          "rank": number;
        };
        Update: {
          "created_at"?: string;
          "description"?: string;
          "is_public"?: boolean;
          "name"?: string;
          "plan"?: string;
          "rank"?: number;
        };
        Relationships: [];
      };
      "portfolios": {
        Row: {
          "about": string;
          "avatar_url": string | null;
          "created_at": string;
          "headline": string;
          "is_public": boolean;
          "links": NonNullable<Json>;
          "location": string;
          "public_username": string | null;
          "title": string;
          "updated_at": string;
          "user_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "about"?: string;
          "avatar_url"?: string | null;
          "created_at"?: string;
          "headline"?: string;
          "is_public"?: boolean;
          "links"?: NonNullable<Json>;
          "location"?: string;
          "public_username"?: string | null;
          "title": string;
          "updated_at"?: string;
          "user_id"?: string;
          "workspace_id": string;
        };
        Update: {
          "about"?: string;
          "avatar_url"?: string | null;
          "created_at"?: string;
          "headline"?: string;
          "is_public"?: boolean;
          "links"?: NonNullable<Json>;
          "location"?: string;
          "public_username"?: string | null;
          "title"?: string;
          "updated_at"?: string;
          "user_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "portfolios_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: true;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "portfolios_workspace_id_user_id_fkey";
            columns: ["workspace_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "workspace_members";
            referencedColumns: ["workspace_id", "user_id"];
          },
        ];
      };
      "profiles": {
        Row: {
          "avatar_url": string | null;
          "created_at": string;
          "display_name": string | null;
          "locale": string;
          "updated_at": string;
          "user_id": string;
          "username": string | null;
        };
        ComputedFields: never;
        Insert: {
          "avatar_url"?: string | null;
          "created_at"?: string;
          "display_name"?: string | null;
          "locale"?: string;
          "updated_at"?: string;
          "user_id": string;
          "username"?: string | null;
        };
        Update: {
          "avatar_url"?: string | null;
          "created_at"?: string;
          "display_name"?: string | null;
          "locale"?: string;
          "updated_at"?: string;
          "user_id"?: string;
          "username"?: string | null;
        };
        Relationships: [];
      };
      "project_codes": {
        Row: {
          "png_path": string;
          "project_id": string;
          "svg_path": string;
          "target": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "png_path": string;
          "project_id": string;
          "svg_path": string;
          "target": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "png_path"?: string;
          "project_id"?: string;
          "svg_path"?: string;
          "target"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "project_codes_project_id_workspace_id_fkey";
            columns: ["project_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "projects";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "project_codes_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "project_media": {
        Row: {
          "alt": string;
          "byte_size": number;
          "created_at": string;
          "id": string;
          "kind": string;
          "mime": string;
          "object_path": string;
          "project_id": string;
          "rank": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "alt"?: string;
          "byte_size": number;
          "created_at"?: string;
          "id"?: string;
          "kind": string;
          "mime": string;
          "object_path": string;
          "project_id": string;
          "rank": number;
          "workspace_id": string;
        };
        Update: {
          "alt"?: string;
          "byte_size"?: number;
          "created_at"?: string;
          "id"?: string;
          "kind"?: string;
          "mime"?: string;
          "object_path"?: string;
          "project_id"?: string;
          "rank"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "project_media_project_id_workspace_id_fkey";
            columns: ["project_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "projects";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "project_media_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "project_views": {
        Row: {
          "day": string;
          "project_id": string;
          "visitors": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "day": string;
          "project_id": string;
          "visitors": number;
          "workspace_id": string;
        };
        Update: {
          "day"?: string;
          "project_id"?: string;
          "visitors"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "project_views_project_id_workspace_id_fkey";
            columns: ["project_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "projects";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "project_views_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "projects": {
        Row: {
          "created_at": string;
          "description": string;
          "id": string;
          "live_url": string | null;
          "published_at": string | null;
          "slug": string;
          "source_url": string | null;
          "status": string;
          "summary": string;
          "tags": (string)[];
          "technologies": (string)[];
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "description"?: string;
          "id"?: string;
          "live_url"?: string | null;
          "published_at"?: string | null;
          "slug": string;
          "source_url"?: string | null;
          "status"?: string;
          "summary"?: string;
          "tags"?: (string)[];
          "technologies"?: (string)[];
          "title": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "description"?: string;
          "id"?: string;
          "live_url"?: string | null;
          "published_at"?: string | null;
          "slug"?: string;
          "source_url"?: string | null;
          "status"?: string;
          "summary"?: string;
          "tags"?: (string)[];
          "technologies"?: (string)[];
          "title"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "projects_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "recordings": {
        Row: {
          "answer_error_code": string | null;
          "answer_error_message": string | null;
          "answer_id": string | null;
          "asked_lesson_id": string | null;
          "byte_size": number;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "job_id": number | null;
          "language": string | null;
          "lesson_id": string | null;
          "model": string | null;
          "object_path": string | null;
          "seconds": number | null;
          "segments": NonNullable<Json>;
          "speech_error_code": string | null;
          "speech_error_message": string | null;
          "speech_is_whole": boolean | null;
          "speech_path": string | null;
          "speech_status": string | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "transcribed_at": string | null;
          "transcript": string | null;
          "updated_at": string;
          "wants_answer": boolean;
          "wants_speech": boolean;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "answer_error_code"?: string | null;
          "answer_error_message"?: string | null;
          "answer_id"?: string | null;
          "asked_lesson_id"?: string | null;
          "byte_size"?: number;
          "conversation_id"?: string | null;
          "created_at"?: string;
          "created_by": string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "job_id"?: number | null;
          "language"?: string | null;
          "lesson_id"?: string | null;
          "model"?: string | null;
          "object_path"?: string | null;
          "seconds"?: number | null;
          "segments"?: NonNullable<Json>;
          "speech_error_code"?: string | null;
          "speech_error_message"?: string | null;
          "speech_is_whole"?: boolean | null;
          "speech_path"?: string | null;
          "speech_status"?: string | null;
          "stage"?: string | null;
          "status"?: string;
          "title": string;
          "transcribed_at"?: string | null;
          "transcript"?: string | null;
          "updated_at"?: string;
          "wants_answer"?: boolean;
          "wants_speech"?: boolean;
          "workspace_id": string;
        };
        Update: {
          "answer_error_code"?: string | null;
          "answer_error_message"?: string | null;
          "answer_id"?: string | null;
          "asked_lesson_id"?: string | null;
          "byte_size"?: number;
          "conversation_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "job_id"?: number | null;
          "language"?: string | null;
          "lesson_id"?: string | null;
          "model"?: string | null;
          "object_path"?: string | null;
          "seconds"?: number | null;
          "segments"?: NonNullable<Json>;
          "speech_error_code"?: string | null;
          "speech_error_message"?: string | null;
          "speech_is_whole"?: boolean | null;
          "speech_path"?: string | null;
          "speech_status"?: string | null;
          "stage"?: string | null;
          "status"?: string;
          "title"?: string;
          "transcribed_at"?: string | null;
          "transcript"?: string | null;
          "updated_at"?: string;
          "wants_answer"?: boolean;
          "wants_speech"?: boolean;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "recordings_answer_id_fkey";
            columns: ["answer_id"];
            isOneToOne: false;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "recordings_asked_lesson_fkey";
            columns: ["asked_lesson_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "lessons";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "recordings_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "recordings_lesson_fkey";
            columns: ["lesson_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "lessons";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "recordings_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "role_permissions": {
        Row: {
          "permission": string;
          "role": string;
        };
        ComputedFields: never;
        Insert: {
          "permission": string;
          "role": string;
        };
        Update: {
          "permission"?: string;
          "role"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "role_permissions_role_fkey";
            columns: ["role"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["role"];
          },
        ];
      };
      "roles": {
        Row: {
          "description": string;
          "rank": number;
          "role": string;
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "rank": number;
          "role": string;
        };
        Update: {
          "description"?: string;
          "rank"?: number;
          "role"?: string;
        };
        Relationships: [];
      };
      "searches": {
        Row: {
          "created_at": string;
          "created_by": string;
          "document_ids": (string)[] | null;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "id": string;
          "job_id": number | null;
          "match_count": number;
          "query": string;
          "results": NonNullable<Json>;
          "status": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by": string;
          "document_ids"?: (string)[] | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "job_id"?: number | null;
          "match_count"?: number;
          "query": string;
          "results"?: NonNullable<Json>;
          "status"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string;
          "document_ids"?: (string)[] | null;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "job_id"?: number | null;
          "match_count"?: number;
          "query"?: string;
          "results"?: NonNullable<Json>;
          "status"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "searches_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "segment_fields": {
        Row: {
          "description": string;
          "field": string;
          "kind": string;
          "operators": (string)[];
        };
        ComputedFields: never;
        Insert: {
          "description": string;
          "field": string;
          "kind": string;
          "operators": (string)[];
        };
        Update: {
          "description"?: string;
          "field"?: string;
          "kind"?: string;
          "operators"?: (string)[];
        };
        Relationships: [];
      };
      "segments": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "filter": NonNullable<Json>;
          "id": string;
          "name": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "filter": NonNullable<Json>;
          "id"?: string;
          "name": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "filter"?: NonNullable<Json>;
          "id"?: string;
          "name"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "segments_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "sentiments": {
        Row: {
          "confidence": number | null;
          "created_at": string;
          "id": string;
          "label": string;
          "language": string | null;
          "message_id": string | null;
          "model": string;
          "provider": string;
          "said_at": string;
          "score": number | null;
          "ticket_message_id": string | null;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "confidence"?: number | null;
          "created_at"?: string;
          "id"?: string;
          "label": string;
          "language"?: string | null;
          "message_id"?: string | null;
          "model": string;
          "provider": string;
          "said_at": string;
          "score"?: number | null;
          "ticket_message_id"?: string | null;
          "workspace_id": string;
        };
        Update: {
          "confidence"?: number | null;
          "created_at"?: string;
          "id"?: string;
          "label"?: string;
          "language"?: string | null;
          "message_id"?: string | null;
          "model"?: string;
          "provider"?: string;
          "said_at"?: string;
          "score"?: number | null;
          "ticket_message_id"?: string | null;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "sentiments_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: true;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "sentiments_ticket_message_id_fkey";
            columns: ["ticket_message_id"];
            isOneToOne: true;
            referencedRelation: "ticket_messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "sentiments_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "site_designs": {
        Row: {
          "applied_version": number | null;
          "created_at": string;
          "created_by": string;
          "page": string;
          "site_id": string;
          "task_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "applied_version"?: number | null;
          "created_at"?: string;
          "created_by": string;
          "page": string;
          "site_id": string;
          "task_id": string;
          "workspace_id": string;
        };
        Update: {
          "applied_version"?: number | null;
          "created_at"?: string;
          "created_by"?: string;
          "page"?: string;
          "site_id"?: string;
          "task_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "site_designs_site_id_fkey";
            columns: ["site_id"];
            isOneToOne: false;
            referencedRelation: "sites";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "site_designs_task_id_fkey";
            columns: ["task_id"];
            isOneToOne: true;
            referencedRelation: "ai_tasks";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "site_designs_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "site_snapshots": {
        Row: {
          "content": NonNullable<Json>;
          "id": string;
          "live_slug": string | null;
          "name": string;
          "published_at": string;
          "site_id": string;
          "slug": string;
          "version": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "content": NonNullable<Json>;
          "id"?: string;
          "live_slug"?: string | null;
          "name": string;
          "published_at"?: string;
          "site_id": string;
          "slug": string;
          "version": number;
          "workspace_id": string;
        };
        Update: {
          "content"?: NonNullable<Json>;
          "id"?: string;
          "live_slug"?: string | null;
          "name"?: string;
          "published_at"?: string;
          "site_id"?: string;
          "slug"?: string;
          "version"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "site_snapshots_site_id_fkey";
            columns: ["site_id"];
            isOneToOne: false;
            referencedRelation: "sites";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "site_snapshots_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "site_versions": {
        Row: {
          "content": NonNullable<Json>;
          "created_at": string;
          "created_by": string;
          "site_id": string;
          "version": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "content": NonNullable<Json>;
          "created_at"?: string;
          "created_by": string;
          "site_id": string;
          "version": number;
          "workspace_id": string;
        };
        Update: {
          "content"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string;
          "site_id"?: string;
          "version"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "site_versions_site_id_fkey";
            columns: ["site_id"];
            isOneToOne: false;
            referencedRelation: "sites";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "site_versions_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "sites": {
        Row: {
          "created_at": string;
          "created_by": string;
          "id": string;
          "live_version": number | null;
          "name": string;
          "slug": string;
          "template_id": string | null;
          "template_version": number | null;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by": string;
          "id"?: string;
          "live_version"?: number | null;
          "name": string;
          "slug": string;
          "template_id"?: string | null;
          "template_version"?: number | null;
          "updated_at"?: string;
          "version"?: number;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string;
          "id"?: string;
          "live_version"?: number | null;
          "name"?: string;
          "slug"?: string;
          "template_id"?: string | null;
          "template_version"?: number | null;
          "updated_at"?: string;
          "version"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "sites_template_id_fkey";
            columns: ["template_id"];
            isOneToOne: false;
            referencedRelation: "templates";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "sites_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "sla_policies": {
        Row: {
          "created_at": string;
          "first_response_minutes": number | null;
          "priority": string;
          "resolution_minutes": number | null;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "first_response_minutes"?: number | null;
          "priority": string;
          "resolution_minutes"?: number | null;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "first_response_minutes"?: number | null;
          "priority"?: string;
          "resolution_minutes"?: number | null;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "sla_policies_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "social_accounts": {
        Row: {
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "etag": string | null;
          "expires_at": string | null;
          "failures": number;
          "id": string;
          "is_public": boolean;
          "kind": string;
          "next_try_at": string;
          "platform": string;
          "project_id": string | null;
          "read_on": string | null;
          "revision": number;
          "scopes": (string)[];
          "status": string;
          "subject": string;
          "token_last4": string | null;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by": string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "etag"?: string | null;
          "expires_at"?: string | null;
          "failures"?: number;
          "id"?: string;
          "is_public"?: boolean;
          "kind": string;
          "next_try_at"?: string;
          "platform": string;
          "project_id"?: string | null;
          "read_on"?: string | null;
          "revision"?: number;
          "scopes"?: (string)[];
          "status"?: string;
          "subject": string;
          "token_last4"?: string | null;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "etag"?: string | null;
          "expires_at"?: string | null;
          "failures"?: number;
          "id"?: string;
          "is_public"?: boolean;
          "kind"?: string;
          "next_try_at"?: string;
          "platform"?: string;
          "project_id"?: string | null;
          "read_on"?: string | null;
          "revision"?: number;
          "scopes"?: (string)[];
          "status"?: string;
          "subject"?: string;
          "token_last4"?: string | null;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "social_accounts_project_id_workspace_id_fkey";
            columns: ["project_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "projects";
            referencedColumns: ["id", "workspace_id"];
          },
          {
            foreignKeyName: "social_accounts_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "social_budgets": {
        Row: {
          "limit_microusd": number;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "limit_microusd": number;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "limit_microusd"?: number;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "social_budgets_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: true;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "social_snapshots": {
        Row: {
          "account_id": string;
          "bookmarks": number | null;
          "comments": number | null;
          "day": string;
          "error_code": string | null;
          "error_message": string | null;
          "followers": number | null;
          "following": number | null;
          "forks": number | null;
          "impressions": number | null;
          "likes": number | null;
          "listed": number | null;
          "platform": string;
          "posts": number | null;
          "quotes": number | null;
          "repositories": number | null;
          "reposts": number | null;
          "source": string;
          "stars": number | null;
          "status": string;
          "taken_at": string;
          "watchers": number | null;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "account_id": string;
          "bookmarks"?: number | null;
          "comments"?: number | null;
          "day": string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "followers"?: number | null;
          "following"?: number | null;
          "forks"?: number | null;
          "impressions"?: number | null;
          "likes"?: number | null;
          "listed"?: number | null;
          "platform": string;
          "posts"?: number | null;
          "quotes"?: number | null;
          "repositories"?: number | null;
          "reposts"?: number | null;
          "source": string;
          "stars"?: number | null;
          "status": string;
          "taken_at"?: string;
          "watchers"?: number | null;
          "workspace_id": string;
        };
        Update: {
          "account_id"?: string;
          "bookmarks"?: number | null;
          "comments"?: number | null;
          "day"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "followers"?: number | null;
          "following"?: number | null;
          "forks"?: number | null;
          "impressions"?: number | null;
          "likes"?: number | null;
          "listed"?: number | null;
          "platform"?: string;
          "posts"?: number | null;
          "quotes"?: number | null;
          "repositories"?: number | null;
          "reposts"?: number | null;
          "source"?: string;
          "stars"?: number | null;
          "status"?: string;
          "taken_at"?: string;
          "watchers"?: number | null;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "social_snapshots_account_id_fkey";
            columns: ["account_id"];
            isOneToOne: false;
            referencedRelation: "social_accounts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "social_snapshots_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "social_spending": {
        Row: {
          "made_by": string | null;
          "month": string;
          "spent_microusd": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "made_by"?: string | null;
          "month": string;
          "spent_microusd": number;
          "workspace_id": string;
        };
        Update: {
          "made_by"?: string | null;
          "month"?: string;
          "spent_microusd"?: number;
          "workspace_id"?: string;
        };
        Relationships: [];
      };
      "stages": {
        Row: {
          "created_at": string;
          "id": string;
          "kind": string;
          "name": string;
          "pipeline_id": string;
          "position": number;
          "probability": number;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: string;
          "kind"?: string;
          "name": string;
          "pipeline_id": string;
          "position": number;
          "probability": number;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "id"?: string;
          "kind"?: string;
          "name"?: string;
          "pipeline_id"?: string;
          "position"?: number;
          "probability"?: number;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "stages_pipeline_fkey";
            columns: ["workspace_id", "pipeline_id"];
            isOneToOne: false;
            referencedRelation: "pipelines";
            referencedColumns: ["workspace_id", "id"];
          },
          {
            foreignKeyName: "stages_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "subscriptions": {
        Row: {
          "anchor": string;
          "billing_interval": string | null;
          "cancel_at": string | null;
          "cancel_at_period_end": boolean;
          "canceled_at": string | null;
          "created_at": string;
          "current_period_end": string | null;
          "current_period_start": string | null;
          "ended_at": string | null;
          "id": string;
          "observed_at": string;
          "plan_version_id": number | null;
          "quantity": number;
          "status": string;
          "stripe_subscription_id": string;
          "trial_end": string | null;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "anchor": string;
          "billing_interval"?: string | null;
          "cancel_at"?: string | null;
          "cancel_at_period_end"?: boolean;
          "canceled_at"?: string | null;
          "created_at"?: string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "ended_at"?: string | null;
          "id"?: string;
          "observed_at": string;
          "plan_version_id"?: number | null;
          "quantity"?: number;
          "status": string;
          "stripe_subscription_id": string;
          "trial_end"?: string | null;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "anchor"?: string;
          "billing_interval"?: string | null;
          "cancel_at"?: string | null;
          "cancel_at_period_end"?: boolean;
          "canceled_at"?: string | null;
          "created_at"?: string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "ended_at"?: string | null;
          "id"?: string;
          "observed_at"?: string;
          "plan_version_id"?: number | null;
          "quantity"?: number;
          "status"?: string;
          "stripe_subscription_id"?: string;
          "trial_end"?: string | null;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "subscriptions_plan_version_id_fkey";
            columns: ["plan_version_id"];
            isOneToOne: false;
            referencedRelation: "plan_versions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "subscriptions_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "template_versions": {
        Row: {
          "content": NonNullable<Json>;
          "created_at": string;
          "created_by": string | null;
          "template_id": string;
          "version": number;
          "workspace_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "content": NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "template_id": string;
          "version": number;
          "workspace_id"?: string | null;
        };
        Update: {
          "content"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "template_id"?: string;
          "version"?: number;
          "workspace_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "template_versions_template_id_fkey";
            columns: ["template_id"];
            isOneToOne: false;
            referencedRelation: "templates";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "template_versions_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "templates": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "description": string;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string;
          "id"?: string;
          "kind": string;
          "name": string;
          "updated_at"?: string;
          "version"?: number;
          "workspace_id"?: string | null;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string;
          "id"?: string;
          "kind"?: string;
          "name"?: string;
          "updated_at"?: string;
          "version"?: number;
          "workspace_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "templates_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "ticket_events": {
        Row: {
          "actor_id": string | null;
          "created_at": string;
          "from_value": string | null;
          "id": string;
          "kind": string;
          "ticket_id": string;
          "to_value": string | null;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "actor_id"?: string | null;
          "created_at"?: string;
          "from_value"?: string | null;
          "id"?: string;
          "kind": string;
          "ticket_id": string;
          "to_value"?: string | null;
          "workspace_id": string;
        };
        Update: {
          "actor_id"?: string | null;
          "created_at"?: string;
          "from_value"?: string | null;
          "id"?: string;
          "kind"?: string;
          "ticket_id"?: string;
          "to_value"?: string | null;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "ticket_events_ticket_id_fkey";
            columns: ["ticket_id"];
            isOneToOne: false;
            referencedRelation: "tickets";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "ticket_events_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "ticket_messages": {
        Row: {
          "author_id": string;
          "body": string;
          "created_at": string;
          "id": string;
          "idempotency_key": string | null;
          "kind": string;
          "message_id": string | null;
          "ticket_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "author_id": string;
          "body": string;
          "created_at"?: string;
          "id"?: string;
          "idempotency_key"?: string | null;
          "kind": string;
          "message_id"?: string | null;
          "ticket_id": string;
          "workspace_id": string;
        };
        Update: {
          "author_id"?: string;
          "body"?: string;
          "created_at"?: string;
          "id"?: string;
          "idempotency_key"?: string | null;
          "kind"?: string;
          "message_id"?: string | null;
          "ticket_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "ticket_messages_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: true;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "ticket_messages_ticket_id_fkey";
            columns: ["ticket_id"];
            isOneToOne: false;
            referencedRelation: "tickets";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "ticket_messages_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "ticket_transitions": {
        Row: {
          "from_status": string;
          "to_status": string;
          "within": string | null;
        };
        ComputedFields: never;
        Insert: {
          "from_status": string;
          "to_status": string;
          "within"?: string | null;
        };
        Update: {
          "from_status"?: string;
          "to_status"?: string;
          "within"?: string | null;
        };
        Relationships: [];
      };
      "tickets": {
        Row: {
          "answered_by": string;
          "assignee_id": string | null;
          "contact_id": string | null;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_responded_at": string | null;
          "first_response_breached_at": string | null;
          "first_response_due_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "number": number;
          "priority": string;
          "reopened": number;
          "resolution_breached_at": string | null;
          "resolution_due_at": string | null;
          "sentiment_alert_at": string | null;
          "sentiment_label": string;
          "sentiment_score": number | null;
          "solved_at": string | null;
          "status": string;
          "status_at": string;
          "stopped_at": string | null;
          "stopped_for": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "answered_by"?: string;
          "assignee_id"?: string | null;
          "contact_id"?: string | null;
          "conversation_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "first_responded_at"?: string | null;
          "first_response_breached_at"?: string | null;
          "first_response_due_at"?: string | null;
          "id"?: string;
          "idempotency_key"?: string | null;
          "number": number;
          "priority"?: string;
          "reopened"?: number;
          "resolution_breached_at"?: string | null;
          "resolution_due_at"?: string | null;
          "sentiment_alert_at"?: string | null;
          "sentiment_label"?: string;
          "sentiment_score"?: number | null;
          "solved_at"?: string | null;
          "status"?: string;
          "status_at"?: string;
          "stopped_at"?: string | null;
          "stopped_for"?: string;
          "subject": string;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "answered_by"?: string;
          "assignee_id"?: string | null;
          "contact_id"?: string | null;
          "conversation_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "first_responded_at"?: string | null;
          "first_response_breached_at"?: string | null;
          "first_response_due_at"?: string | null;
          "id"?: string;
          "idempotency_key"?: string | null;
          "number"?: number;
          "priority"?: string;
          "reopened"?: number;
          "resolution_breached_at"?: string | null;
          "resolution_due_at"?: string | null;
          "sentiment_alert_at"?: string | null;
          "sentiment_label"?: string;
          "sentiment_score"?: number | null;
          "solved_at"?: string | null;
          "status"?: string;
          "status_at"?: string;
          "stopped_at"?: string | null;
          "stopped_for"?: string;
          "subject"?: string;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "tickets_contact_id_fkey";
            columns: ["contact_id"];
            isOneToOne: false;
            referencedRelation: "contacts";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "tickets_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "tickets_workspace_id_assignee_id_fkey";
            columns: ["workspace_id", "assignee_id"];
            isOneToOne: false;
            referencedRelation: "workspace_members";
            referencedColumns: ["workspace_id", "user_id"];
          },
          {
            foreignKeyName: "tickets_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "usage_ledger": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "credited": number;
          "id": number;
          "job_id": number | null;
          "metric": string;
          "overage": number;
          "period_start": string;
          "quantity": number;
          "settled_at": string | null;
          "status": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "credited"?: number;
          "id"?: never;
          "job_id"?: number | null;
          "metric": string;
          "overage"?: number;
          "period_start": string;
          "quantity": number;
          "settled_at"?: string | null;
          "status": string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "credited"?: number;
          "id"?: never;
          "job_id"?: number | null;
          "metric"?: string;
          "overage"?: number;
          "period_start"?: string;
          "quantity"?: number;
          "settled_at"?: string | null;
          "status"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "usage_ledger_metric_fkey";
            columns: ["metric"];
            isOneToOne: false;
            referencedRelation: "billing_metrics";
            referencedColumns: ["metric"];
          },
          {
            foreignKeyName: "usage_ledger_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_endpoints": {
        Row: {
          "created_at": string;
          "created_by": string;
          "delivered_at": string | null;
          "description": string;
          "disabled_at": string | null;
          "disabled_reason": string | null;
          "events": (string)[];
          "failures": number;
          "id": string;
          "secret_last4": string;
          "status": string;
          "updated_at": string;
          "url": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by": string;
          "delivered_at"?: string | null;
          "description"?: string;
          "disabled_at"?: string | null;
          "disabled_reason"?: string | null;
          "events": (string)[];
          "failures"?: number;
          "id"?: string;
          "secret_last4": string;
          "status"?: string;
          "updated_at"?: string;
          "url": string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string;
          "delivered_at"?: string | null;
          "description"?: string;
          "disabled_at"?: string | null;
          "disabled_reason"?: string | null;
          "events"?: (string)[];
          "failures"?: number;
          "id"?: string;
          "secret_last4"?: string;
          "status"?: string;
          "updated_at"?: string;
          "url"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_endpoints_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "workspace_invitations": {
        Row: {
          "accepted_at": string | null;
          "accepted_by": string | null;
          "created_at": string;
          "email": string;
          "expires_at": string;
          "id": string;
          "invited_by": string | null;
          "mail_status": string;
          "revoked_at": string | null;
          "role": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "accepted_at"?: string | null;
          "accepted_by"?: string | null;
          "created_at"?: string;
          "email": string;
          "expires_at"?: string;
          "id"?: string;
          "invited_by"?: string | null;
          "mail_status"?: string;
          "revoked_at"?: string | null;
          "role": string;
          "workspace_id": string;
        };
        Update: {
          "accepted_at"?: string | null;
          "accepted_by"?: string | null;
          "created_at"?: string;
          "email"?: string;
          "expires_at"?: string;
          "id"?: string;
          "invited_by"?: string | null;
          "mail_status"?: string;
          "revoked_at"?: string | null;
          "role"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "workspace_invitations_accepted_by_fkey";
            columns: ["accepted_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["user_id"];
          },
          {
            foreignKeyName: "workspace_invitations_invited_by_fkey";
            columns: ["invited_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["user_id"];
          },
          {
            foreignKeyName: "workspace_invitations_role_fkey";
            columns: ["role"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["role"];
          },
          {
            foreignKeyName: "workspace_invitations_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "workspace_members": {
        Row: {
          "created_at": string;
          "role": string;
          "updated_at": string;
          "user_id": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "role": string;
          "updated_at"?: string;
          "user_id": string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "role"?: string;
          "updated_at"?: string;
          "user_id"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "workspace_members_role_fkey";
            columns: ["role"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["role"];
          },
          {
            foreignKeyName: "workspace_members_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["user_id"];
          },
          {
            foreignKeyName: "workspace_members_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "workspace_settings": {
        Row: {
          "created_at": string;
          "history_memory": boolean;
          "lead_opinion": boolean;
          "updated_at": string;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "history_memory"?: boolean;
          "lead_opinion"?: boolean;
          "updated_at"?: string;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "history_memory"?: boolean;
          "lead_opinion"?: boolean;
          "updated_at"?: string;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "workspace_settings_workspace_id_fkey";
            columns: ["workspace_id"];
            isOneToOne: true;
            referencedRelation: "workspaces";
            referencedColumns: ["id"];
          },
        ];
      };
      "workspaces": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "kind"?: string;
          "name": string;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "kind"?: string;
          "name"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "workspaces_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["user_id"];
          },
        ];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "accept_invitation": {
        Args: { "p_token": string };
        Returns: {
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
        };
        SetofOptions: {
          from: "*";
          to: "workspaces";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "accept_invitation_by_id": {
        Args: { "p_invitation_id": string };
        Returns: {
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
        };
        SetofOptions: {
          from: "*";
          to: "workspaces";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "act_on_campaign": {
        Args: { "p_act": string; "p_campaign_id": string };
        Returns: {
          "body": string;
          "created_at": string;
          "created_by": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "id": string;
          "name": string;
          "provider": string | null;
          "scheduled_at": string | null;
          "segment_id": string | null;
          "started_at": string | null;
          "status": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "campaigns";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "add_project_media": {
        Args: { "p_alt"?: string; "p_path": string; "p_project_id": string };
        Returns: {
          "alt": string;
          "byte_size": number;
          "created_at": string;
          "id": string;
          "kind": string;
          "mime": string;
          "object_path": string;
          "project_id": string;
          "rank": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "project_media";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "add_site_page": {
        Args: {
          "p_expected_version": number;
          "p_path": string;
          "p_site_id": string;
          "p_template_id": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string;
          "id": string;
          "live_version": number | null;
          "name": string;
          "slug": string;
          "template_id": string | null;
          "template_version": number | null;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "sites";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "add_social_account": {
        Args: {
          "p_expires_at"?: string;
          "p_is_public"?: boolean;
          "p_kind": string;
          "p_platform": string;
          "p_scopes"?: (string)[];
          "p_subject": string;
          "p_token"?: string;
          "p_workspace_id": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "etag": string | null;
          "expires_at": string | null;
          "failures": number;
          "id": string;
          "is_public": boolean;
          "kind": string;
          "next_try_at": string;
          "platform": string;
          "project_id": string | null;
          "read_on": string | null;
          "revision": number;
          "scopes": (string)[];
          "status": string;
          "subject": string;
          "token_last4": string | null;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "social_accounts";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "add_ticket_message": {
        Args: {
          "p_body": string;
          "p_idempotency_key"?: string;
          "p_kind": string;
          "p_status"?: string;
          "p_ticket_id": string;
        };
        Returns: {
          "author_id": string;
          "body": string;
          "created_at": string;
          "id": string;
          "idempotency_key": string | null;
          "kind": string;
          "message_id": string | null;
          "ticket_id": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "ticket_messages";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "admin_list_tenants": {
        Args: {
          "p_after"?: string;
          "p_limit"?: number;
          "p_plan"?: string;
          "p_search"?: string;
        };
        Returns: {
          "created_at": string;
          "kind": string;
          "members": number;
          "name": string;
          "plan": string;
          "source": string;
          "subscription_status": string;
          "usage": Json;
          "workspace_id": string;
        }[];
      };
      "admin_save_plan": {
        Args: { "p_plan": string; "p_terms": Json };
        Returns: {
          "annual_amount": number | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "id": number;
          "monthly_amount": number | null;
          "plan": string;
          "queue_weight": number;
          "spend_cap_amount": number | null;
          "version": number;
        };
        SetofOptions: {
          from: "*";
          to: "plan_versions";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "admin_set_plan": {
        Args: {
          "p_plan": string;
          "p_reason": string;
          "p_workspace_id": string;
        };
        Returns: undefined;
      };
      "allowed_models": {
        Args: { "p_workspace_id": string };
        Returns: {
          "description": string;
          "entitlement": string | null;
          "model": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "ai_models";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "answer_lesson_question": {
        Args: { "p_body": string; "p_question_id": string };
        Returns: {
          "author_id": string;
          "body": string;
          "created_at": string;
          "id": string;
          "question_id": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "lesson_answers";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "answer_recording": {
        Args: {
          "p_conversation_id"?: string;
          "p_lesson_id"?: string;
          "p_recording_id": string;
          "p_speak"?: boolean;
        };
        Returns: {
          "answer_error_code": string | null;
          "answer_error_message": string | null;
          "answer_id": string | null;
          "asked_lesson_id": string | null;
          "byte_size": number;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "job_id": number | null;
          "language": string | null;
          "lesson_id": string | null;
          "model": string | null;
          "object_path": string | null;
          "seconds": number | null;
          "segments": NonNullable<Json>;
          "speech_error_code": string | null;
          "speech_error_message": string | null;
          "speech_is_whole": boolean | null;
          "speech_path": string | null;
          "speech_status": string | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "transcribed_at": string | null;
          "transcript": string | null;
          "updated_at": string;
          "wants_answer": boolean;
          "wants_speech": boolean;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "recordings";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "apply_design": {
        Args: { "p_expected_version": number; "p_task_id": string };
        Returns: {
          "created_at": string;
          "created_by": string;
          "id": string;
          "live_version": number | null;
          "name": string;
          "slug": string;
          "template_id": string | null;
          "template_version": number | null;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "sites";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "archive_pipeline": {
        Args: { "p_archived"?: boolean; "p_pipeline_id": string };
        Returns: {
          "archived_at": string | null;
          "created_at": string;
          "id": string;
          "name": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "pipelines";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "ask": {
        Args: {
          "p_conversation_id"?: string;
          "p_document_ids"?: (string)[];
          "p_idempotency_key"?: string;
          "p_question": string;
          "p_workspace_id": string;
        };
        Returns: Json;
      };
      "ask_lesson": {
        Args: {
          "p_audience"?: string;
          "p_idempotency_key"?: string;
          "p_lesson_id": string;
          "p_question": string;
        };
        Returns: {
          "answer_id": string | null;
          "asked_by": string;
          "audience": string;
          "body": string;
          "created_at": string;
          "id": string;
          "idempotency_key": string | null;
          "lesson_id": string;
          "seq": number;
          "status": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "lesson_questions";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "ask_score_opinion": {
        Args: { "p_contact_id": string };
        Returns: number;
      };
      "assign_ticket": {
        Args: { "p_assignee_id": string; "p_ticket_id": string };
        Returns: {
          "answered_by": string;
          "assignee_id": string | null;
          "contact_id": string | null;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_responded_at": string | null;
          "first_response_breached_at": string | null;
          "first_response_due_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "number": number;
          "priority": string;
          "reopened": number;
          "resolution_breached_at": string | null;
          "resolution_due_at": string | null;
          "sentiment_alert_at": string | null;
          "sentiment_label": string;
          "sentiment_score": number | null;
          "solved_at": string | null;
          "status": string;
          "status_at": string;
          "stopped_at": string | null;
          "stopped_for": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tickets";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "attach_document": {
        Args: { "p_document_id": string; "p_lesson_id": string };
        Returns: {
          "brand_id": string | null;
          "byte_size": number | null;
          "chunk_count": number;
          "content_hash": string | null;
          "created_at": string;
          "created_by": string | null;
          "embedding_model": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "for_contacts": boolean;
          "id": string;
          "kind": string;
          "language": string | null;
          "lesson_id": string | null;
          "object_path": string | null;
          "page_count": number | null;
          "processed_at": string | null;
          "processed_version": number | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "documents";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "attach_recording": {
        Args: { "p_lesson_id": string; "p_recording_id": string };
        Returns: {
          "answer_error_code": string | null;
          "answer_error_message": string | null;
          "answer_id": string | null;
          "asked_lesson_id": string | null;
          "byte_size": number;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "job_id": number | null;
          "language": string | null;
          "lesson_id": string | null;
          "model": string | null;
          "object_path": string | null;
          "seconds": number | null;
          "segments": NonNullable<Json>;
          "speech_error_code": string | null;
          "speech_error_message": string | null;
          "speech_is_whole": boolean | null;
          "speech_path": string | null;
          "speech_status": string | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "transcribed_at": string | null;
          "transcript": string | null;
          "updated_at": string;
          "wants_answer": boolean;
          "wants_speech": boolean;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "recordings";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "billing_usage": {
        Args: { "p_workspace_id": string };
        Returns: {
          "credits": number;
          "currency": string;
          "included": number;
          "kind": string;
          "metric": string;
          "overage": number;
          "overage_amount": number;
          "period_start": string;
          "plan": string;
          "projected": number;
          "reserved": number;
          "resets_at": string;
          "spend_cap_amount": number;
          "unit": string;
          "used": number;
        }[];
      };
      "buy_credit_pack": {
        Args: {
          "p_cancel_url": string;
          "p_idempotency_key"?: string;
          "p_pack": string;
          "p_success_url": string;
          "p_workspace_id": string;
        };
        Returns: {
          "billing_interval": string | null;
          "cancel_url": string | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "expires_at": string | null;
          "fulfilled_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "job_id": number | null;
          "kind": string;
          "pack": string | null;
          "payment_status": string | null;
          "plan_version_id": number | null;
          "reversed_at": string | null;
          "status": string;
          "stripe_payment_id": string | null;
          "stripe_session_id": string | null;
          "success_url": string | null;
          "updated_at": string;
          "url": string | null;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "billing_sessions";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "cancel_job": {
        Args: { "p_job_id": number };
        Returns: {
          "args": NonNullable<Json>;
          "attempts": number;
          "cancel_requested_at": string | null;
          "created_at": string;
          "created_by": string | null;
          "dedupe_key": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "fair_tag": number;
          "finished_at": string | null;
          "gate": string;
          "id": number;
          "kind": string;
          "lane": string;
          "lease_until": string | null;
          "max_attempts": number;
          "metered": boolean;
          "ordering_key": string | null;
          "progress": number;
          "provider": string | null;
          "run_at": string;
          "stage": string | null;
          "started_at": string | null;
          "status": string;
          "subject_id": string | null;
          "worker_id": string | null;
          "workspace_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "capture_contact": {
        Args: {
          "p_consent"?: boolean;
          "p_idempotency_key"?: string;
          "p_interest"?: string;
          "p_person": Json;
          "p_source"?: string;
          "p_statement"?: string;
          "p_workspace_id": string;
        };
        Returns: Json;
      };
      "change_member_role": {
        Args: {
          "p_role": string;
          "p_user_id": string;
          "p_workspace_id": string;
        };
        Returns: {
          "created_at": string;
          "role": string;
          "updated_at": string;
          "user_id": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "workspace_members";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "change_plan": {
        Args: {
          "p_idempotency_key"?: string;
          "p_interval": string;
          "p_plan": string;
          "p_workspace_id": string;
        };
        Returns: {
          "billing_interval": string | null;
          "cancel_url": string | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "expires_at": string | null;
          "fulfilled_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "job_id": number | null;
          "kind": string;
          "pack": string | null;
          "payment_status": string | null;
          "plan_version_id": number | null;
          "reversed_at": string | null;
          "status": string;
          "stripe_payment_id": string | null;
          "stripe_session_id": string | null;
          "success_url": string | null;
          "updated_at": string;
          "url": string | null;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "billing_sessions";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "clear_score_override": {
        Args: { "p_contact_id": string };
        Returns: {
          "computed_at": string | null;
          "contact_id": string;
          "factors": NonNullable<Json>;
          "opinion_at": string | null;
          "opinion_model": string | null;
          "opinion_points": number | null;
          "opinion_reason": string | null;
          "override_at": string | null;
          "override_by": string | null;
          "override_reason": string | null;
          "override_score": number | null;
          "rules_version": number | null;
          "score": number | null;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "contact_scores";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "confirm_consent": { Args: { "p_token": string }; Returns: boolean };
      "contact_timeline": {
        Args: {
          "p_before"?: string;
          "p_before_id"?: string;
          "p_contact_id": string;
          "p_limit"?: number;
        };
        Returns: {
          "actor_id": string;
          "at": string;
          "body": string;
          "detail": Json;
          "id": string;
          "kind": string;
          "source": string;
        }[];
      };
      "convert_lead": {
        Args: {
          "p_amount"?: number;
          "p_currency"?: string;
          "p_expected_close"?: string;
          "p_lead_id": string;
          "p_pipeline_id"?: string;
          "p_stage_id"?: string;
          "p_title"?: string;
        };
        Returns: {
          "amount": number | null;
          "closed_at": string | null;
          "contact_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "expected_close": string | null;
          "id": string;
          "lost_reason": string | null;
          "owner_id": string | null;
          "pipeline_id": string;
          "rank": number;
          "stage_entered_at": string;
          "stage_id": string;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "deals";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "course_progress": {
        Args: { "p_course_id": string };
        Returns: {
          "completed_at": string;
          "done": number;
          "enrolled_at": string;
          "last_at": string;
          "total": number;
          "user_id": string;
          "username": string;
        }[];
      };
      "create_channel": {
        Args: {
          "p_default_language"?: string;
          "p_name": string;
          "p_page_key"?: string;
          "p_workspace_id": string;
        };
        Returns: Json;
      };
      "create_comment": {
        Args: {
          "p_body": string;
          "p_document_id": string;
          "p_mentions"?: (string)[];
          "p_quote"?: string;
          "p_range_end"?: number;
          "p_range_start"?: number;
          "p_thread_id"?: string;
          "p_version"?: number;
        };
        Returns: {
          "body": string;
          "created_at": string;
          "created_by": string;
          "deleted_at": string | null;
          "document_id": string;
          "edited_at": string | null;
          "id": string;
          "quote": string | null;
          "range_end": number | null;
          "range_start": number | null;
          "resolved_at": string | null;
          "resolved_by": string | null;
          "thread_id": string | null;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "comments";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_connection": {
        Args: {
          "p_credentials"?: Json;
          "p_kind": string;
          "p_name": string;
          "p_settings": Json;
          "p_workspace_id": string;
        };
        Returns: Json;
      };
      "create_deal": {
        Args: {
          "p_amount"?: number;
          "p_contact_id"?: string;
          "p_currency"?: string;
          "p_deal_id"?: string;
          "p_expected_close"?: string;
          "p_owner_id"?: string;
          "p_pipeline_id"?: string;
          "p_stage_id"?: string;
          "p_title": string;
          "p_workspace_id": string;
        };
        Returns: {
          "amount": number | null;
          "closed_at": string | null;
          "contact_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "expected_close": string | null;
          "id": string;
          "lost_reason": string | null;
          "owner_id": string | null;
          "pipeline_id": string;
          "rank": number;
          "stage_entered_at": string;
          "stage_id": string;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "deals";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_lesson": {
        Args: {
          "p_content": string;
          "p_course_id": string;
          "p_is_published"?: boolean;
          "p_title": string;
        };
        Returns: {
          "course_id": string;
          "created_at": string;
          "created_by": string;
          "id": string;
          "is_published": boolean;
          "position": number;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "lessons";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_pipeline": {
        Args: { "p_name": string; "p_stages"?: Json; "p_workspace_id": string };
        Returns: {
          "archived_at": string | null;
          "created_at": string;
          "id": string;
          "name": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "pipelines";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_template": {
        Args: {
          "p_content": Json;
          "p_description"?: string;
          "p_kind": string;
          "p_name": string;
          "p_workspace_id": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string | null;
          "description": string;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "templates";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_text_document": {
        Args: {
          "p_content": string;
          "p_title": string;
          "p_workspace_id": string;
        };
        Returns: {
          "brand_id": string | null;
          "byte_size": number | null;
          "chunk_count": number;
          "content_hash": string | null;
          "created_at": string;
          "created_by": string | null;
          "embedding_model": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "for_contacts": boolean;
          "id": string;
          "kind": string;
          "language": string | null;
          "lesson_id": string | null;
          "object_path": string | null;
          "page_count": number | null;
          "processed_at": string | null;
          "processed_version": number | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "documents";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_ticket": {
        Args: {
          "p_assignee_id"?: string;
          "p_body"?: string;
          "p_contact_id"?: string;
          "p_idempotency_key"?: string;
          "p_priority"?: string;
          "p_subject": string;
          "p_workspace_id": string;
        };
        Returns: {
          "answered_by": string;
          "assignee_id": string | null;
          "contact_id": string | null;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_responded_at": string | null;
          "first_response_breached_at": string | null;
          "first_response_due_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "number": number;
          "priority": string;
          "reopened": number;
          "resolution_breached_at": string | null;
          "resolution_due_at": string | null;
          "sentiment_alert_at": string | null;
          "sentiment_label": string;
          "sentiment_score": number | null;
          "solved_at": string | null;
          "status": string;
          "status_at": string;
          "stopped_at": string | null;
          "stopped_for": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tickets";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_webhook_endpoint": {
        Args: {
          "p_description"?: string;
          "p_events": (string)[];
          "p_url": string;
          "p_workspace_id": string;
        };
        Returns: Json;
      };
      "create_workspace": {
        Args: { "p_name": string };
        Returns: {
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
        };
        SetofOptions: {
          from: "*";
          to: "workspaces";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "dashboard": {
        Args: { "p_domain": string; "p_workspace_id": string };
        Returns: {
          "computed_at": string;
          "domain": string;
          "numbers": NonNullable<Json>;
          "watched_until": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "dashboards";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "deal_forecast": {
        Args: {
          "p_from"?: string;
          "p_pipeline_id"?: string;
          "p_to"?: string;
          "p_workspace_id": string;
        };
        Returns: {
          "currency": string;
          "month": string;
          "open_amount": number;
          "open_count": number;
          "unknown_amounts": number;
          "weighted_amount": number;
          "won_amount": number;
          "won_count": number;
        }[];
      };
      "delete_ai_task": { Args: { "p_task_id": string }; Returns: undefined };
      "delete_channel": {
        Args: { "p_channel_id": string };
        Returns: undefined;
      };
      "delete_comment": {
        Args: { "p_comment_id": string };
        Returns: undefined;
      };
      "delete_connection": {
        Args: { "p_connection_id": string };
        Returns: undefined;
      };
      "delete_conversation": {
        Args: { "p_conversation_id": string };
        Returns: undefined;
      };
      "delete_document": {
        Args: { "p_document_id": string };
        Returns: undefined;
      };
      "delete_job": { Args: { "p_job_id": number }; Returns: undefined };
      "delete_pipeline": {
        Args: { "p_pipeline_id": string };
        Returns: undefined;
      };
      "delete_recording": {
        Args: { "p_recording_id": string };
        Returns: undefined;
      };
      "delete_site": { Args: { "p_site_id": string }; Returns: undefined };
      "delete_social_account": {
        Args: { "p_account_id": string };
        Returns: undefined;
      };
      "delete_stage": { Args: { "p_stage_id": string }; Returns: undefined };
      "delete_template": {
        Args: { "p_template_id": string };
        Returns: undefined;
      };
      "delete_webhook_endpoint": {
        Args: { "p_endpoint_id": string };
        Returns: undefined;
      };
      "delete_workspace": {
        Args: { "p_workspace_id": string };
        Returns: undefined;
      };
      "detach_document": {
        Args: { "p_document_id": string };
        Returns: {
          "brand_id": string | null;
          "byte_size": number | null;
          "chunk_count": number;
          "content_hash": string | null;
          "created_at": string;
          "created_by": string | null;
          "embedding_model": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "for_contacts": boolean;
          "id": string;
          "kind": string;
          "language": string | null;
          "lesson_id": string | null;
          "object_path": string | null;
          "page_count": number | null;
          "processed_at": string | null;
          "processed_version": number | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "documents";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "document_diff": {
        Args: { "p_document_id": string; "p_from"?: number; "p_to"?: number };
        Returns: Json;
      };
      "edit_comment": {
        Args: {
          "p_body": string;
          "p_comment_id": string;
          "p_mentions"?: (string)[];
        };
        Returns: {
          "body": string;
          "created_at": string;
          "created_by": string;
          "deleted_at": string | null;
          "document_id": string;
          "edited_at": string | null;
          "id": string;
          "quote": string | null;
          "range_end": number | null;
          "range_start": number | null;
          "resolved_at": string | null;
          "resolved_by": string | null;
          "thread_id": string | null;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "comments";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "enrol": {
        Args: { "p_course_id": string; "p_user_id"?: string };
        Returns: {
          "completed_at": string | null;
          "conversation_id": string | null;
          "course_id": string;
          "enrolled_at": string;
          "enrolled_by": string;
          "user_id": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "enrolments";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "ensure_profile": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "avatar_url": string | null;
          "created_at": string;
          "display_name": string | null;
          "locale": string;
          "updated_at": string;
          "user_id": string;
          "username": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "profiles";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "find_duplicates": {
        Args: {
          "p_contact_id"?: string;
          "p_limit"?: number;
          "p_workspace_id": string;
        };
        Returns: {
          "contact_ids": (string)[];
          "key": string;
          "reason": string;
          "size": number;
        }[];
      };
      "fork_template": {
        Args: {
          "p_name": string;
          "p_slug": string;
          "p_template_id": string;
          "p_version"?: number;
          "p_workspace_id": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string;
          "id": string;
          "live_version": number | null;
          "name": string;
          "slug": string;
          "template_id": string | null;
          "template_version": number | null;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "sites";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "get_portfolio": { Args: { "p_username": string }; Returns: Json };
      "get_project": {
        Args: { "p_slug": string; "p_username": string };
        Returns: Json;
      };
      "get_social_metrics": {
        Args: { "p_username"?: string; "p_workspace_id"?: string };
        Returns: {
          "account_id": string;
          "account_status": string;
          "day": string;
          "error_code": string;
          "error_message": string;
          "is_public": boolean;
          "is_stale": boolean;
          "kind": string;
          "metrics": Json;
          "platform": string;
          "project_id": string;
          "source": string;
          "status": string;
          "subject": string;
          "taken_at": string;
        }[];
      };
      "has_entitlement": {
        Args: { "p_entitlement": string; "p_workspace_id": string };
        Returns: boolean;
      };
      "import_contacts": {
        Args: {
          "p_contacts": Json;
          "p_source"?: string;
          "p_workspace_id": string;
        };
        Returns: Json;
      };
      "invite_member": {
        Args: { "p_email": string; "p_role": string; "p_workspace_id": string };
        Returns: Record<string, unknown>;
      };
      "leave_workspace": {
        Args: { "p_workspace_id": string };
        Returns: undefined;
      };
      "link_keys": { Args: Record<PropertyKey, never>; Returns: Json };
      "link_ticket": {
        Args: {
          "p_contact_id"?: string;
          "p_conversation_id"?: string;
          "p_ticket_id": string;
        };
        Returns: {
          "answered_by": string;
          "assignee_id": string | null;
          "contact_id": string | null;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_responded_at": string | null;
          "first_response_breached_at": string | null;
          "first_response_due_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "number": number;
          "priority": string;
          "reopened": number;
          "resolution_breached_at": string | null;
          "resolution_due_at": string | null;
          "sentiment_alert_at": string | null;
          "sentiment_label": string;
          "sentiment_score": number | null;
          "solved_at": string | null;
          "status": string;
          "status_at": string;
          "stopped_at": string | null;
          "stopped_for": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tickets";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "list_activity": {
        Args: {
          "p_before"?: number;
          "p_limit"?: number;
          "p_subject_id"?: string;
          "p_subject_kind"?: string;
          "p_workspace_id": string;
        };
        Returns: {
          "actor_id": string | null;
          "audience": string;
          "created_at": string;
          "detail": NonNullable<Json>;
          "id": number;
          "subject_id": string | null;
          "subject_kind": string;
          "verb": string;
          "workspace_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "activity";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "list_conversations": {
        Args: {
          "p_after_id"?: string;
          "p_before"?: string;
          "p_kind"?: string;
          "p_limit"?: number;
          "p_workspace_id": string;
        };
        Returns: {
          "channel_id": string;
          "contact_id": string;
          "contact_name": string;
          "created_at": string;
          "created_by": string;
          "id": string;
          "kind": string;
          "last_message": string;
          "title": string;
          "updated_at": string;
        }[];
      };
      "list_inbound_events": {
        Args: {
          "p_before"?: string;
          "p_connection_id": string;
          "p_limit"?: number;
        };
        Returns: {
          "contact_id": string;
          "ended_at": string;
          "error_code": string;
          "error_message": string;
          "event_id": string;
          "id": string;
          "job_id": number;
          "received_at": string;
          "status": string;
        }[];
      };
      "list_messages": {
        Args: {
          "p_before_seq"?: number;
          "p_conversation_id": string;
          "p_limit"?: number;
        };
        Returns: {
          "answered": boolean;
          "citations": Json;
          "content": string;
          "created_at": string;
          "delivery": Json;
          "error_code": string;
          "error_message": string;
          "finished_at": string;
          "id": string;
          "is_human": boolean;
          "job_id": number;
          "model": string;
          "reply_to": string;
          "role": string;
          "seq": number;
          "status": string;
        }[];
      };
      "list_questions": {
        Args: {
          "p_before_seq"?: number;
          "p_limit"?: number;
          "p_workspace_id": string;
        };
        Returns: {
          "answer": string;
          "answer_id": string;
          "answered": boolean;
          "citations": Json;
          "conversation_id": string;
          "created_at": string;
          "question": string;
          "question_id": string;
          "seq": number;
          "status": string;
        }[];
      };
      "list_segment_contacts": {
        Args: {
          "p_after_created_at"?: string;
          "p_after_id"?: string;
          "p_limit"?: number;
          "p_segment_id": string;
        };
        Returns: {
          "company": string | null;
          "consent_at": string | null;
          "consent_source": string | null;
          "country": string | null;
          "created_at": string;
          "email": string | null;
          "email_consent": string;
          "email_key": string | null;
          "id": string;
          "job_title": string | null;
          "language": string | null;
          "last_activity_at": string | null;
          "lead_score": number | null;
          "lifecycle": string;
          "name": string | null;
          "name_key": string | null;
          "owner_id": string | null;
          "phone": string | null;
          "phone_key": string | null;
          "source": string | null;
          "tags": (string)[];
          "updated_at": string;
          "workspace_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "contacts";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "list_webhook_deliveries": {
        Args: {
          "p_before"?: string;
          "p_endpoint_id": string;
          "p_limit"?: number;
        };
        Returns: {
          "created_at": string;
          "ended_at": string;
          "error_code": string;
          "error_message": string;
          "event": string;
          "event_id": string;
          "id": string;
          "job_id": number;
          "status": string;
        }[];
      };
      "mark_lesson": {
        Args: { "p_is_done": boolean; "p_lesson_id": string };
        Returns: Json;
      };
      "mark_notifications_read": {
        Args: { "p_ids"?: (string)[] };
        Returns: number;
      };
      "merge_contacts": {
        Args: { "p_keep_id": string; "p_lose_id": string };
        Returns: {
          "company": string | null;
          "consent_at": string | null;
          "consent_source": string | null;
          "country": string | null;
          "created_at": string;
          "email": string | null;
          "email_consent": string;
          "email_key": string | null;
          "id": string;
          "job_title": string | null;
          "language": string | null;
          "last_activity_at": string | null;
          "lead_score": number | null;
          "lifecycle": string;
          "name": string | null;
          "name_key": string | null;
          "owner_id": string | null;
          "phone": string | null;
          "phone_key": string | null;
          "source": string | null;
          "tags": (string)[];
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "contacts";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "move_deal": {
        Args: {
          "p_after_deal_id"?: string;
          "p_deal_id": string;
          "p_lost_reason"?: string;
          "p_stage_id": string;
        };
        Returns: {
          "amount": number | null;
          "closed_at": string | null;
          "contact_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "expected_close": string | null;
          "id": string;
          "lost_reason": string | null;
          "owner_id": string | null;
          "pipeline_id": string;
          "rank": number;
          "stage_entered_at": string;
          "stage_id": string;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "deals";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "move_lesson": {
        Args: { "p_lesson_id": string; "p_position": number };
        Returns: {
          "course_id": string;
          "created_at": string;
          "created_by": string;
          "id": string;
          "is_published": boolean;
          "position": number;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "lessons";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "move_project_media": {
        Args: { "p_after_id"?: string; "p_media_id": string };
        Returns: {
          "alt": string;
          "byte_size": number;
          "created_at": string;
          "id": string;
          "kind": string;
          "mime": string;
          "object_path": string;
          "project_id": string;
          "rank": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "project_media";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "my_courses": {
        Args: { "p_workspace_id": string };
        Returns: {
          "completed_at": string;
          "conversation_id": string;
          "course_id": string;
          "done": number;
          "enrolled_at": string;
          "status": string;
          "title": string;
          "total": number;
        }[];
      };
      "my_workspaces": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "created_at": string;
          "id": string;
          "kind": string;
          "name": string;
          "permissions": (string)[];
          "role": string;
        }[];
      };
      "note_project_view": {
        Args: { "p_project_id": string };
        Returns: undefined;
      };
      "notification_settings": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "description": string;
          "email": boolean;
          "is_optional": boolean;
          "kind": string;
          "suppressed": Json;
        }[];
      };
      "notify_member": {
        Args: {
          "p_idempotency_key"?: string;
          "p_kind": string;
          "p_text"?: string;
          "p_user_id": string;
          "p_workspace_id": string;
        };
        Returns: string;
      };
      "open_portal": {
        Args: { "p_return_url": string; "p_workspace_id": string };
        Returns: {
          "billing_interval": string | null;
          "cancel_url": string | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "expires_at": string | null;
          "fulfilled_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "job_id": number | null;
          "kind": string;
          "pack": string | null;
          "payment_status": string | null;
          "plan_version_id": number | null;
          "reversed_at": string | null;
          "status": string;
          "stripe_payment_id": string | null;
          "stripe_session_id": string | null;
          "success_url": string | null;
          "updated_at": string;
          "url": string | null;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "billing_sessions";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "open_ticket_from_conversation": {
        Args: {
          "p_conversation_id": string;
          "p_priority"?: string;
          "p_subject"?: string;
        };
        Returns: {
          "answered_by": string;
          "assignee_id": string | null;
          "contact_id": string | null;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_responded_at": string | null;
          "first_response_breached_at": string | null;
          "first_response_due_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "number": number;
          "priority": string;
          "reopened": number;
          "resolution_breached_at": string | null;
          "resolution_due_at": string | null;
          "sentiment_alert_at": string | null;
          "sentiment_label": string;
          "sentiment_score": number | null;
          "solved_at": string | null;
          "status": string;
          "status_at": string;
          "stopped_at": string | null;
          "stopped_for": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tickets";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "override_score": {
        Args: { "p_contact_id": string; "p_reason": string; "p_score": number };
        Returns: {
          "computed_at": string | null;
          "contact_id": string;
          "factors": NonNullable<Json>;
          "opinion_at": string | null;
          "opinion_model": string | null;
          "opinion_points": number | null;
          "opinion_reason": string | null;
          "override_at": string | null;
          "override_by": string | null;
          "override_reason": string | null;
          "override_score": number | null;
          "rules_version": number | null;
          "score": number | null;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "contact_scores";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "preview_segment": {
        Args: { "p_filter": Json; "p_workspace_id": string };
        Returns: Json;
      };
      "publish_site": {
        Args: { "p_site_id": string; "p_version"?: number };
        Returns: {
          "content": NonNullable<Json>;
          "id": string;
          "live_slug": string | null;
          "name": string;
          "published_at": string;
          "site_id": string;
          "slug": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "site_snapshots";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "queue_position": { Args: { "p_job_id": number }; Returns: number };
      "read_lesson": { Args: { "p_lesson_id": string }; Returns: Json };
      "receive_inbound": {
        Args: {
          "p_body": string;
          "p_connection_id": string;
          "p_signature": string;
        };
        Returns: string;
      };
      "receive_mail_events": { Args: { "p_events": Json }; Returns: string };
      "receive_manychat": {
        Args: { "p_channel_id": string; "p_message": Json; "p_secret": string };
        Returns: Json;
      };
      "receive_stripe_event": { Args: { "p_event": Json }; Returns: string };
      "remove_member": {
        Args: { "p_user_id": string; "p_workspace_id": string };
        Returns: undefined;
      };
      "rename_site": {
        Args: { "p_name": string; "p_site_id": string; "p_slug": string };
        Returns: {
          "created_at": string;
          "created_by": string;
          "id": string;
          "live_version": number | null;
          "name": string;
          "slug": string;
          "template_id": string | null;
          "template_version": number | null;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "sites";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "rename_template": {
        Args: {
          "p_description"?: string;
          "p_name": string;
          "p_template_id": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string | null;
          "description": string;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "templates";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "rename_workspace": {
        Args: { "p_name": string; "p_workspace_id": string };
        Returns: {
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
        };
        SetofOptions: {
          from: "*";
          to: "workspaces";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "reprocess_document": {
        Args: { "p_document_id": string };
        Returns: {
          "brand_id": string | null;
          "byte_size": number | null;
          "chunk_count": number;
          "content_hash": string | null;
          "created_at": string;
          "created_by": string | null;
          "embedding_model": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "for_contacts": boolean;
          "id": string;
          "kind": string;
          "language": string | null;
          "lesson_id": string | null;
          "object_path": string | null;
          "page_count": number | null;
          "processed_at": string | null;
          "processed_version": number | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "documents";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "resend_message": {
        Args: { "p_delivery_id": string };
        Returns: {
          "channel_id": string;
          "contact_id": string;
          "created_at": string;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "is_offline": boolean;
          "job_id": number | null;
          "kind": string;
          "message_id": string;
          "requests_sent": number;
          "sent_at": string | null;
          "status": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "message_deliveries";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "resolve_comment": {
        Args: { "p_comment_id": string; "p_is_resolved"?: boolean };
        Returns: {
          "body": string;
          "created_at": string;
          "created_by": string;
          "deleted_at": string | null;
          "document_id": string;
          "edited_at": string | null;
          "id": string;
          "quote": string | null;
          "range_end": number | null;
          "range_start": number | null;
          "resolved_at": string | null;
          "resolved_by": string | null;
          "thread_id": string | null;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "comments";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "restore_document_version": {
        Args: {
          "p_document_id": string;
          "p_expected_version": number;
          "p_version": number;
        };
        Returns: {
          "brand_id": string | null;
          "byte_size": number | null;
          "chunk_count": number;
          "content_hash": string | null;
          "created_at": string;
          "created_by": string | null;
          "embedding_model": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "for_contacts": boolean;
          "id": string;
          "kind": string;
          "language": string | null;
          "lesson_id": string | null;
          "object_path": string | null;
          "page_count": number | null;
          "processed_at": string | null;
          "processed_version": number | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "documents";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "retry_job": {
        Args: { "p_job_id": number };
        Returns: {
          "args": NonNullable<Json>;
          "attempts": number;
          "cancel_requested_at": string | null;
          "created_at": string;
          "created_by": string | null;
          "dedupe_key": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "fair_tag": number;
          "finished_at": string | null;
          "gate": string;
          "id": number;
          "kind": string;
          "lane": string;
          "lease_until": string | null;
          "max_attempts": number;
          "metered": boolean;
          "ordering_key": string | null;
          "progress": number;
          "provider": string | null;
          "run_at": string;
          "stage": string | null;
          "started_at": string | null;
          "status": string;
          "subject_id": string | null;
          "worker_id": string | null;
          "workspace_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "revoke_invitation": {
        Args: { "p_invitation_id": string };
        Returns: undefined;
      };
      "rotate_channel_secret": {
        Args: { "p_channel_id": string; "p_overlap"?: string };
        Returns: string;
      };
      "rotate_connection_secret": {
        Args: { "p_connection_id": string; "p_overlap"?: string };
        Returns: string;
      };
      "rotate_webhook_secret": {
        Args: { "p_endpoint_id": string };
        Returns: string;
      };
      "save_document_version": {
        Args: {
          "p_content": string;
          "p_document_id": string;
          "p_expected_version": number;
        };
        Returns: {
          "brand_id": string | null;
          "byte_size": number | null;
          "chunk_count": number;
          "content_hash": string | null;
          "created_at": string;
          "created_by": string | null;
          "embedding_model": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "for_contacts": boolean;
          "id": string;
          "kind": string;
          "language": string | null;
          "lesson_id": string | null;
          "object_path": string | null;
          "page_count": number | null;
          "processed_at": string | null;
          "processed_version": number | null;
          "stage": string | null;
          "status": string;
          "title": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "documents";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "save_site": {
        Args: {
          "p_content": Json;
          "p_expected_version": number;
          "p_site_id": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string;
          "id": string;
          "live_version": number | null;
          "name": string;
          "slug": string;
          "template_id": string | null;
          "template_version": number | null;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "sites";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "save_template": {
        Args: {
          "p_content": Json;
          "p_expected_version": number;
          "p_template_id": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string | null;
          "description": string;
          "id": string;
          "kind": string;
          "name": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "templates";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "schedule_campaign": {
        Args: { "p_at"?: string; "p_campaign_id": string };
        Returns: {
          "body": string;
          "created_at": string;
          "created_by": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "id": string;
          "name": string;
          "provider": string | null;
          "scheduled_at": string | null;
          "segment_id": string | null;
          "started_at": string | null;
          "status": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "campaigns";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "score_contact": { Args: { "p_contact_id": string }; Returns: number };
      "search_chunks": {
        Args: {
          "p_document_ids"?: (string)[];
          "p_embedding"?: string;
          "p_embedding_model"?: string;
          "p_limit"?: number;
          "p_query": string;
          "p_workspace_id": string;
        };
        Returns: {
          "chunk_id": number;
          "content": string;
          "document_id": string;
          "heading": string;
          "page_from": number;
          "page_to": number;
          "score": number;
          "text_rank": number;
          "title": string;
          "vector_rank": number;
        }[];
      };
      "search_history": {
        Args: {
          "p_after_id"?: string;
          "p_before"?: string;
          "p_limit"?: number;
          "p_query": string;
          "p_workspace_id": string;
        };
        Returns: {
          "conversation_id": string;
          "created_at": string;
          "excerpt": string;
          "id": string;
          "kind": string;
          "title": string;
        }[];
      };
      "set_channel_key": {
        Args: { "p_channel_id": string; "p_page_key": string };
        Returns: undefined;
      };
      "set_connection_credentials": {
        Args: { "p_connection_id": string; "p_credentials": Json };
        Returns: undefined;
      };
      "set_contact_consent": {
        Args: {
          "p_consent": string;
          "p_contact_ids": (string)[];
          "p_source": string;
        };
        Returns: number;
      };
      "set_course_status": {
        Args: { "p_course_id": string; "p_status": string };
        Returns: {
          "created_at": string;
          "created_by": string;
          "description": string;
          "id": string;
          "is_open": boolean;
          "published_at": string | null;
          "status": string;
          "teacher_id": string;
          "title": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "courses";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "set_default_brand": {
        Args: { "p_brand_id": string };
        Returns: {
          "audience": string;
          "created_at": string;
          "id": string;
          "is_default": boolean;
          "language": string | null;
          "name": string;
          "rules": string;
          "updated_at": string;
          "voice": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "brands";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "set_notification_preference": {
        Args: { "p_email": boolean; "p_kind": string };
        Returns: undefined;
      };
      "set_social_budget": {
        Args: { "p_limit_microusd": number; "p_workspace_id": string };
        Returns: undefined;
      };
      "set_social_project": {
        Args: { "p_account_id": string; "p_project_id"?: string };
        Returns: {
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "etag": string | null;
          "expires_at": string | null;
          "failures": number;
          "id": string;
          "is_public": boolean;
          "kind": string;
          "next_try_at": string;
          "platform": string;
          "project_id": string | null;
          "read_on": string | null;
          "revision": number;
          "scopes": (string)[];
          "status": string;
          "subject": string;
          "token_last4": string | null;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "social_accounts";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "set_social_token": {
        Args: {
          "p_account_id": string;
          "p_expires_at"?: string;
          "p_scopes"?: (string)[];
          "p_token": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "etag": string | null;
          "expires_at": string | null;
          "failures": number;
          "id": string;
          "is_public": boolean;
          "kind": string;
          "next_try_at": string;
          "platform": string;
          "project_id": string | null;
          "read_on": string | null;
          "revision": number;
          "scopes": (string)[];
          "status": string;
          "subject": string;
          "token_last4": string | null;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "social_accounts";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "set_spend_cap": {
        Args: { "p_amount": number; "p_workspace_id": string };
        Returns: undefined;
      };
      "set_ticket_answerer": {
        Args: { "p_answered_by": string; "p_ticket_id": string };
        Returns: {
          "answered_by": string;
          "assignee_id": string | null;
          "contact_id": string | null;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_responded_at": string | null;
          "first_response_breached_at": string | null;
          "first_response_due_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "number": number;
          "priority": string;
          "reopened": number;
          "resolution_breached_at": string | null;
          "resolution_due_at": string | null;
          "sentiment_alert_at": string | null;
          "sentiment_label": string;
          "sentiment_score": number | null;
          "solved_at": string | null;
          "status": string;
          "status_at": string;
          "stopped_at": string | null;
          "stopped_for": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tickets";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "set_ticket_status": {
        Args: { "p_status": string; "p_ticket_id": string };
        Returns: {
          "answered_by": string;
          "assignee_id": string | null;
          "contact_id": string | null;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_responded_at": string | null;
          "first_response_breached_at": string | null;
          "first_response_due_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "number": number;
          "priority": string;
          "reopened": number;
          "resolution_breached_at": string | null;
          "resolution_due_at": string | null;
          "sentiment_alert_at": string | null;
          "sentiment_label": string;
          "sentiment_score": number | null;
          "solved_at": string | null;
          "status": string;
          "status_at": string;
          "stopped_at": string | null;
          "stopped_for": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tickets";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "settle_realtime_session": {
        Args: { "p_minted": boolean; "p_session_id": string };
        Returns: undefined;
      };
      "site_schema": { Args: Record<PropertyKey, never>; Returns: Json };
      "stage_times": {
        Args: { "p_pipeline_id": string };
        Returns: {
          "average_days": number;
          "passed": number;
          "stage_id": string;
          "stage_name": string;
          "standing": number;
        }[];
      };
      "start_ai_task": {
        Args: {
          "p_brand_id"?: string;
          "p_idempotency_key"?: string;
          "p_input": Json;
          "p_kind": string;
          "p_model"?: string;
          "p_workspace_id": string;
        };
        Returns: {
          "brand_id": string | null;
          "completion_tokens": number | null;
          "cost_microusd": number | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "first_token_ms": number | null;
          "id": string;
          "idempotency_key": string | null;
          "input": NonNullable<Json>;
          "is_cut": boolean;
          "job_id": number | null;
          "kind": string;
          "latency_ms": number | null;
          "model": string | null;
          "prompt_tokens": number | null;
          "provider": string | null;
          "requested_model": string | null;
          "result": string;
          "result_json": Json | null;
          "status": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "ai_tasks";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "start_checkout": {
        Args: {
          "p_cancel_url": string;
          "p_idempotency_key"?: string;
          "p_interval": string;
          "p_plan": string;
          "p_success_url": string;
          "p_workspace_id": string;
        };
        Returns: {
          "billing_interval": string | null;
          "cancel_url": string | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "expires_at": string | null;
          "fulfilled_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "job_id": number | null;
          "kind": string;
          "pack": string | null;
          "payment_status": string | null;
          "plan_version_id": number | null;
          "reversed_at": string | null;
          "status": string;
          "stripe_payment_id": string | null;
          "stripe_session_id": string | null;
          "success_url": string | null;
          "updated_at": string;
          "url": string | null;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "billing_sessions";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "start_design": {
        Args: {
          "p_idempotency_key"?: string;
          "p_input": Json;
          "p_model"?: string;
          "p_page"?: string;
          "p_site_id": string;
        };
        Returns: {
          "brand_id": string | null;
          "completion_tokens": number | null;
          "cost_microusd": number | null;
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "first_token_ms": number | null;
          "id": string;
          "idempotency_key": string | null;
          "input": NonNullable<Json>;
          "is_cut": boolean;
          "job_id": number | null;
          "kind": string;
          "latency_ms": number | null;
          "model": string | null;
          "prompt_tokens": number | null;
          "provider": string | null;
          "requested_model": string | null;
          "result": string;
          "result_json": Json | null;
          "status": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "ai_tasks";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "start_realtime_session": {
        Args: { "p_seconds"?: number; "p_workspace_id": string };
        Returns: string;
      };
      "start_search": {
        Args: {
          "p_document_ids"?: (string)[];
          "p_limit"?: number;
          "p_query": string;
          "p_workspace_id": string;
        };
        Returns: {
          "created_at": string;
          "created_by": string;
          "document_ids": (string)[] | null;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string | null;
          "id": string;
          "job_id": number | null;
          "match_count": number;
          "query": string;
          "results": NonNullable<Json>;
          "status": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "searches";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "submit_form": {
        Args: { "p_address"?: string; "p_fields": Json; "p_form_id": string };
        Returns: Json;
      };
      "sync_connection": {
        Args: { "p_connection_id": string; "p_is_full"?: boolean };
        Returns: number;
      };
      "template_text": { Args: { "p_template_id": string }; Returns: Json };
      "test_connection": {
        Args: { "p_connection_id": string };
        Returns: number;
      };
      "ticket_timeline": {
        Args: {
          "p_before"?: string;
          "p_before_id"?: string;
          "p_limit"?: number;
          "p_ticket_id": string;
        };
        Returns: {
          "actor_id": string;
          "at": string;
          "body": string;
          "detail": Json;
          "id": string;
          "kind": string;
          "source": string;
        }[];
      };
      "track_mail": {
        Args: { "p_clicked": boolean; "p_recipient_id": string };
        Returns: boolean;
      };
      "unenrol": {
        Args: { "p_course_id": string; "p_user_id"?: string };
        Returns: undefined;
      };
      "unpublish_site": {
        Args: { "p_site_id": string };
        Returns: {
          "created_at": string;
          "created_by": string;
          "id": string;
          "live_version": number | null;
          "name": string;
          "slug": string;
          "template_id": string | null;
          "template_version": number | null;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "sites";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "unsubscribe_mail": {
        Args: { "p_recipient_id": string };
        Returns: boolean;
      };
      "update_channel": {
        Args: {
          "p_ack_texts"?: Json;
          "p_attachment_texts"?: Json;
          "p_channel_id": string;
          "p_default_language"?: string;
          "p_is_enabled"?: boolean;
          "p_name"?: string;
          "p_not_answered_texts"?: Json;
          "p_on_unanswered"?: string;
          "p_passed_on_texts"?: Json;
          "p_unavailable_texts"?: Json;
        };
        Returns: {
          "ack_texts": NonNullable<Json>;
          "attachment_texts": NonNullable<Json>;
          "created_at": string;
          "created_by": string;
          "default_language": string;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "kind": string;
          "name": string;
          "not_answered_texts": NonNullable<Json>;
          "on_unanswered": string;
          "page_key_last4": string | null;
          "page_name": string | null;
          "passed_on_texts": NonNullable<Json>;
          "status": string;
          "unavailable_texts": NonNullable<Json>;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "channels";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "update_connection": {
        Args: {
          "p_connection_id": string;
          "p_is_enabled"?: boolean;
          "p_name"?: string;
          "p_settings"?: Json;
        };
        Returns: {
          "account_name": string | null;
          "baseline_at": string;
          "created_at": string;
          "created_by": string;
          "credential_last4": string | null;
          "credentials_version": number;
          "cursor_at": string | null;
          "cursor_id": string | null;
          "error_code": string | null;
          "error_message": string | null;
          "failures": number;
          "id": string;
          "is_offline": boolean;
          "kind": string;
          "last_ok_at": string | null;
          "name": string;
          "next_try_at": string | null;
          "settings": NonNullable<Json>;
          "status": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "connections";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "update_social_account": {
        Args: {
          "p_account_id": string;
          "p_is_enabled"?: boolean;
          "p_is_public"?: boolean;
        };
        Returns: {
          "created_at": string;
          "created_by": string;
          "error_code": string | null;
          "error_message": string | null;
          "etag": string | null;
          "expires_at": string | null;
          "failures": number;
          "id": string;
          "is_public": boolean;
          "kind": string;
          "next_try_at": string;
          "platform": string;
          "project_id": string | null;
          "read_on": string | null;
          "revision": number;
          "scopes": (string)[];
          "status": string;
          "subject": string;
          "token_last4": string | null;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "social_accounts";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "update_ticket": {
        Args: {
          "p_priority"?: string;
          "p_subject"?: string;
          "p_ticket_id": string;
        };
        Returns: {
          "answered_by": string;
          "assignee_id": string | null;
          "contact_id": string | null;
          "conversation_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_responded_at": string | null;
          "first_response_breached_at": string | null;
          "first_response_due_at": string | null;
          "id": string;
          "idempotency_key": string | null;
          "number": number;
          "priority": string;
          "reopened": number;
          "resolution_breached_at": string | null;
          "resolution_due_at": string | null;
          "sentiment_alert_at": string | null;
          "sentiment_label": string;
          "sentiment_score": number | null;
          "solved_at": string | null;
          "status": string;
          "status_at": string;
          "stopped_at": string | null;
          "stopped_for": string;
          "subject": string;
          "updated_at": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tickets";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "update_webhook_endpoint": {
        Args: {
          "p_description"?: string;
          "p_endpoint_id": string;
          "p_events"?: (string)[];
          "p_is_enabled"?: boolean;
          "p_url"?: string;
        };
        Returns: {
          "created_at": string;
          "created_by": string;
          "delivered_at": string | null;
          "description": string;
          "disabled_at": string | null;
          "disabled_reason": string | null;
          "events": (string)[];
          "failures": number;
          "id": string;
          "secret_last4": string;
          "status": string;
          "updated_at": string;
          "url": string;
          "workspace_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "webhook_endpoints";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema =
  DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]][
        "Tables"
      ]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]][
        "Views"
      ]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends
  { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]][
      "Tables"
    ]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]][
      "Views"
    ]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends
    keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[
      DefaultSchemaTableNameOrOptions
    ] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]][
      "Tables"
    ]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends
  { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]][
    "Tables"
  ][TableName] extends {
    Insert: infer I;
  } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]][
      "Tables"
    ]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends
  { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]][
    "Tables"
  ][TableName] extends {
    Update: infer U;
  } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]][
      "Enums"
    ]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends
  { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][
    EnumName
  ]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[
      PublicCompositeTypeNameOrOptions["schema"]
    ]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends
  { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]][
    "CompositeTypes"
  ][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends
    keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {},
  },
} as const;
